"""What is not the same in two runs beside what was measured: engine, host, settings, versions."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from lab.records.summary import RunInfo
from lab.share.project import PROJECT
from lab.text.phrases import DASH, in_mib

PACE_SETTINGS = frozenset(
    {
        *("lanes", "load_slots", "budget_bytes", "memory_budget_bytes", "seed", "fresh"),
        *("engine", "variants", "resume"),
    }
)
"""Settings of pace and of bookkeeping, and what other lines say better."""
HASH_CHARACTERS = 12


@dataclass(frozen=True, slots=True)
class Difference:
    """One fact that is not the same."""

    what: str
    before: str
    after: str


def differing(pairs: Iterable[tuple[str, object, object]]) -> tuple[Difference, ...]:
    """The differences among named pairs, as texts."""
    texts = (Difference(what, as_text(before), as_text(after)) for what, before, after in pairs)
    return tuple(each for each in texts if each.before != each.after)


def as_text(value: object) -> str:
    return DASH if value is None or value == "" else str(value)


def run_differences(before: RunInfo, after: RunInfo) -> tuple[Difference, ...]:
    """Facts of two runs that differ: engine, host, bases, settings, locks, the lab's commit."""
    return (
        *differing(machine_facts(before, after)),
        *differing(keyed("base of ", *common_to_both(bases(before), bases(after)))),
        *differing(keyed("setting ", settings(before), settings(after))),
        *differing(keyed("lock ", *common_to_both(locks(before), locks(after)))),
        *differing([("the lab's commit", before.git_commit, after.git_commit)]),
    )


def machine_facts(before: RunInfo, after: RunInfo) -> Iterator[tuple[str, object, object]]:
    one, other = before.engine, after.engine
    yield "engine", f"{one.kind} {one.version}", f"{other.kind} {other.version}"
    yield "cgroup", one.cgroup, other.cgroup
    yield "kernel", before.host.kernel, after.host.kernel
    yield "CPUs", before.host.cpus, after.host.cpus
    yield "CPUs shown", before.host_cpus_shown, after.host_cpus_shown
    yield "CPU model", before.host.cpu_model, after.host.cpu_model
    yield "memory", in_mib(before.host.memory_bytes), in_mib(after.host.memory_bytes)


def keyed(
    prefix: str, before: Mapping[str, object], after: Mapping[str, object]
) -> Iterator[tuple[str, object, object]]:
    """Two mappings, key by key; a key that one of them lacks has None there."""
    for key in dict.fromkeys((*before, *after)):
        yield prefix + key, before.get(key), after.get(key)


def common_to_both(
    before: Mapping[str, object], after: Mapping[str, object]
) -> tuple[Mapping[str, object], Mapping[str, object]]:
    """What both sides have: the driver of a bundle has the locks alone that its run needs, and a
    variant that only one side measured has a base on that side alone."""
    names = before.keys() & after.keys()
    return (
        {name: each for name, each in before.items() if name in names},
        {name: each for name, each in after.items() if name in names},
    )


def bases(run: RunInfo) -> Mapping[str, object]:
    """The bases by the names that their images have without a bundle."""
    return {
        base.image.replace(f"{PROJECT}-", "memlab-"): f"{base.kind}, {base.reference}"
        for base in run.bases
    }


def settings(run: RunInfo) -> Mapping[str, object]:
    return {name: each for name, each in run.settings.items() if name not in PACE_SETTINGS}


def locks(run: RunInfo) -> Mapping[str, object]:
    return {name: each[:HASH_CHARACTERS] for name, each in run.lock_hashes.items()}


def version_differences(
    before: Mapping[str, str], after: Mapping[str, str]
) -> tuple[Difference, ...]:
    """Versions of Python, libc and packages that differ in two variants."""
    return differing(keyed("", before, after))
