"""The name of what holds a growth, out of what a traced run found. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from lab.causes.traces import TRACED_SHARE as SEEN
from lab.causes.traces import best_trace, largest_line, python_trace, traced_share
from lab.records.holders import (
    CalledFunction,
    CodeKind,
    Holder,
    HolderSearch,
    ObjectGrowth,
    Owner,
    Package,
)
from lab.records.observations import AllocationTrace, TracedLine
from lab.text.phrases import number, signed_number, size

NAMED_SHARE = 0.25  # of what the lines left behind: a container that holds so much is named
EXAMPLE_SHARE = 0.5
"""New objects of a type that holds the growth, for each block of the line that left most."""
FEW_A_REQUEST = 0.02
"""Fewer objects a request are not a trend of their own."""
MOST_HOLDERS_TOLD = 3
STEP = re.compile(r"\.[^.\[]+|\[[^\]]*\]")
"""An attribute or a key in a path that reads like code."""


@dataclass(frozen=True, slots=True)
class HolderFinding:
    """The holder of the growth: by name, or by what is known of it."""

    holders: tuple[Holder, ...] = ()
    """Containers, the one with the most bytes first."""
    lost: ObjectGrowth | None = None
    """Objects to which nothing in Python refers."""
    example: ObjectGrowth | None = None
    """Set where no container grew: a type, and the path to the newest of its objects."""
    called: CalledFunction | None = None
    """The function of C that the allocating line calls, where nothing in Python holds it."""
    native: CalledFunction | None = None
    """The function of an extension that asked malloc for it, as memray names it."""
    package: Package | None = None
    """The distribution whose code asked for the memory, or took the reference."""
    requests: int = 0
    """Completed while the growth was traced."""
    limit: str | None = None
    """Why the search ended early."""
    is_searched: bool = True
    """Whether any run searched Python's objects for who holds it."""

    @property
    def is_unheld(self) -> bool:
        """Whether the whole search met nothing in Python that holds it, nor objects of it."""
        in_python = self.holders or self.lost or self.example
        return self.is_searched and not in_python and self.limit is None

    @property
    def owner(self) -> Owner | None:
        """The package whose code owns the container that holds most; None: not known."""
        return self.holders[0].owner if self.holders else None

    @property
    def culprit(self) -> Package | None:
        """The distribution of which another release could end the growth.

        None where the app or the standard library holds it.
        """
        if self.owner is not None:
            return self.owner.package
        return None if self.holders else self.package

    @property
    def is_of_use(self) -> bool:
        """Whether how the app uses it decides: it keeps a package's object, or asks the library."""
        return self.owner is not None and (self.owner.is_in_app or self.is_librarys)

    @property
    def is_librarys(self) -> bool:
        """Whether the standard library holds it, of which a newer Python brings another release."""
        return self.owner is not None and self.owner.kind is CodeKind.LIBRARY


def holder_of(traces: Sequence[AllocationTrace], growth_per_request: float) -> HolderFinding | None:
    """The holder by Python's own trace; where that does not see the growth, by the native one."""
    python, best = python_trace(traces), best_trace(traces, growth_per_request)
    held = who_holds(python) if python is not None else None
    native = next((each for each in traces if each is not python), None)
    if native is None:
        return held
    if best is native and (python is None or traced_share(python, growth_per_request) < SEEN):
        return native_finding(native, held)
    if held is not None and not held.holders:
        return replace(held, native=native_function(repeated_lines(native)))
    return held


def native_finding(trace: AllocationTrace, held: HolderFinding | None) -> HolderFinding:
    """Who asked for native memory, where a search has no holder of Python's that holds enough."""
    lines = of_one_package(repeated_lines(trace))
    package, called = owner_of(lines)
    return HolderFinding(
        called=called,
        native=native_function(lines),
        package=package,
        requests=trace.requests,
        limit=held.limit if held is not None else None,
        is_searched=held is not None,
    )


def repeated_lines(trace: AllocationTrace) -> tuple[TracedLine, ...]:
    """The lines that left a block with the requests: one block may be a table, or an arena."""
    least = FEW_A_REQUEST * max(trace.requests, 1)
    return tuple(each for each in trace.lines if each.count >= least) or trace.lines


def of_one_package(lines: tuple[TracedLine, ...]) -> tuple[TracedLine, ...]:
    """The lines whose code is of the package that left most in all; all where none is known."""
    left: dict[Package | None, int] = {}
    for line in lines:
        owner = owner_of((line,))[0]
        left[owner] = left.get(owner, 0) + line.bytes
    most = max(left, key=lambda each: left[each], default=None)
    return tuple(each for each in lines if owner_of((each,))[0] == most)


def native_function(lines: tuple[TracedLine, ...]) -> CalledFunction | None:
    """The function of C that asked for most: a name without a module is one of a library's own."""
    line = largest_line(lines)
    calls = line.calls if line is not None else ()
    return next((each for each in calls if "." not in each.function), None)


def who_holds(trace: AllocationTrace) -> HolderFinding | None:
    """The holder of what a trace found; None where the trace searched for none."""
    search = trace.search
    if search is None:
        return None
    package, called = owner_of(trace.lines)
    finding = HolderFinding(package=package, requests=trace.requests, limit=search.limit)
    if holders := large_holders(search, trace.allocated_bytes):
        return replace(finding, holders=holders)
    if lost := first_of(search.lost, trace.requests):
        return replace(finding, lost=lost, called=called)
    blocks = max((line.count for line in trace.lines), default=0)
    example = first_of(search.examples, trace.requests)
    if example is not None and example.count >= EXAMPLE_SHARE * blocks:
        return replace(finding, example=example)
    return replace(finding, called=called)


def large_holders(search: HolderSearch, allocated_bytes: int) -> tuple[Holder, ...]:
    """The containers that hold enough of it, each alone or all that stand below one object."""
    enough = NAMED_SHARE * allocated_bytes
    enough_alone = [each for each in search.holders if each.held_bytes >= enough]
    if enough_alone:
        return tuple(enough_alone[:MOST_HOLDERS_TOLD])
    together = cluster_of(search.holders, enough)
    return (together,) if together is not None else ()


def cluster_of(holders: tuple[Holder, ...], enough_bytes: float) -> Holder | None:
    """Containers below one object that hold enough together, as one; None without such an object.

    The object with the longest path is taken: the nearest to them.
    """
    below: dict[str, list[Holder]] = {}
    for each in holders:
        for prefix in prefixes(each.path or ""):
            below.setdefault(prefix, []).append(each)
    groups = {path: group for path, group in below.items() if total(group) >= enough_bytes}
    path = max(groups, key=len, default=None)
    if path is None:
        return None
    group = groups[path]
    return Holder(
        path=path,
        kind=f"{len(group)} containers below it",
        entries_before=sum(each.entries_before for each in group),
        entries_after=sum(each.entries_after for each in group),
        held_bytes=total(group),
        entries=group[0].entries,
        limit=None,
        owner=group[0].owner,
    )


def prefixes(path: str) -> list[str]:
    """The paths of the objects that a path leads through, a module's global first."""
    ends = [match.start() for match in STEP.finditer(path)]
    return [path[:end] for end in ends[1:]]


def total(holders: list[Holder]) -> int:
    return sum(each.held_bytes for each in holders)


def first_of(growths: tuple[ObjectGrowth, ...], requests: int) -> ObjectGrowth | None:
    """The first type that grows with the requests."""
    least = FEW_A_REQUEST * max(requests, 1)
    return next((each for each in growths if each.count >= least), None)


def owner_of(lines: tuple[TracedLine, ...]) -> tuple[Package | None, CalledFunction | None]:
    """The distribution behind the line that left most, and the function of C that it calls."""
    line = largest_line(lines)
    if line is None:
        return None, None
    calls = [each for each in line.calls if "." in each.function] or line.calls
    called = next((each for each in calls if each.package is not None), None)
    called = called or next(iter(calls), None)
    owner = called.package if called is not None and called.package is not None else line.package
    return owner, called


def sentences(finding: HolderFinding) -> Iterator[str]:
    """A sentence for each holder, the one that holds most first."""
    for holder in finding.holders:
        held = f"{holder_text(holder, finding.requests)}, about {size(holder.held_bytes)}"
        yield f"{held}{owner_text(holder.owner)}."
    if finding.lost is not None:
        yield lost_sentence(finding.lost, finding)
    elif finding.example is not None and finding.example.path is not None:
        growth = finding.example
        yield (
            f"{number(growth.count)} more objects of type {growth.type}; "
            f"the newest is reached by {growth.path}."
        )
    elif not finding.is_searched:
        yield unsearched_sentence(finding)
    elif not finding.holders and finding.native is not None:
        yield native_sentence(finding.native, finding.called)
    elif not finding.holders:
        yield no_holder_sentence(finding)
    if finding.limit is not None:
        yield f"More may hold it: {finding.limit}."


def owner_text(owner: Owner | None) -> str:
    """The words for the owner of a container, where that is not the app."""
    if owner is None or owner.kind is CodeKind.APP:
        return ""
    if owner.kind is CodeKind.LIBRARY:
        return f", in {owner.module} of the standard library"
    return f", in {package_text(owner.package) if owner.package else owner.module}"


def package_text(package: Package) -> str:
    return f"{package.name} {package.version}"


def holder_text(holder: Holder, requests: int) -> str:
    """A container as code, with its entries, their pace and their type."""
    more = holder.entries_after - holder.entries_before
    pace = f", {signed_number(more / requests, 2)} a request" if requests else ""
    limit = f", limit {number(holder.limit)}" if holder.limit is not None else ""
    entries = f"{number(holder.entries_before)} → {number(holder.entries_after)} entries"
    kind = f" → {holder.entries}" if holder.entries else ""
    return f"{holder.path or 'only C code'} ({holder.kind}, {entries}{pace}{limit}){kind}"


def lost_sentence(lost: ObjectGrowth, finding: HolderFinding) -> str:
    taken = "an extension took a reference and did not give it back"
    by = f" ({called_text(finding.called)})" if finding.called is not None else ""
    return (
        f"Nothing in Python refers to {number(lost.count)} objects of type {lost.type}: "
        f"{taken}{by}."
    )


def native_sentence(native: CalledFunction, called: CalledFunction | None) -> str:
    """The sentence on who asked malloc for memory that nothing in Python holds."""
    by = f", called by {called.function}" if called and called.function != native.function else ""
    return f"Nothing in Python holds it: {called_text(native)} asked for it{by}."


def unsearched_sentence(finding: HolderFinding) -> str:
    """The sentence on memory of which is known who asked for it, and not who holds it."""
    asked = finding.native or finding.called
    by = f"; {called_text(asked)} asked for it" if asked is not None else ""
    return f"Who holds it was not read, as no run searched Python's objects{by}."


def no_holder_sentence(finding: HolderFinding) -> str:
    """A sentence for growth that no known container holds, such as strings and numbers."""
    if finding.called is None:
        by = f"; {package_text(finding.package)} asked for it" if finding.package else ""
        return f"No container that Python's collector knows grew by as much{by}."
    return (
        "No container that Python's collector knows grew by as much, and the line that asked calls "
        f"{called_text(finding.called)}: an extension may have kept a reference."
    )


def called_text(called: CalledFunction) -> str:
    package = called.package
    return f"{called.function} of {package_text(package)}" if package else called.function
