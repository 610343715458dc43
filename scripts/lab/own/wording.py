"""The answers of `make try` in words: for the terminal, and as Markdown beside the raw files."""

from collections.abc import Iterator

from lab.causes import Cause
from lab.model import EndKind
from lab.own.answer import Answer, Outcome, own_frame
from lab.own.description import Description
from lab.summary import Verdict
from lab.units import format_mib, format_rate
from lab.wording import DASH, number, signed_mib

LAST_RESORT = {
    Cause.LIVE_OBJECTS: "let go of what the named lines keep, or move to a release that does",
    Cause.NATIVE: "move the package that the named lines call to a release that does not leak",
    Cause.PAGE_CACHE: "nothing: the kernel takes pages of files back when memory is needed",
    Cause.THREADS: "join the threads that are started, or give them a pool",
    Cause.PROCESSES: "wait for the processes that are started",
    Cause.DESCRIPTORS: "close what is opened (`with open(...)`)",
    Cause.SOCKETS: "close connections, or reuse one client",
    Cause.KERNEL: "see which sockets or files are kept: the kernel's memory hangs on them",
    Cause.THREAD_ARENAS: "MALLOC_ARENA_MAX=2 in the service's environment",
    Cause.FRAGMENTATION: "MALLOC_TRIM_THRESHOLD_=131072 in the service's environment",
}


def advice_for(kind: EndKind, reason: str, description: Description) -> str:
    """Why an app was not measured, where, and what to do about it, in one line."""
    file = description.file
    command = f" (command = {description.command!r})" if description.command else ""
    if kind is EndKind.DIED:
        return f"{file}: the app does not start{command}: {reason}; see its log's last lines"
    if kind is EndKind.NEVER_READY:
        return f"{file}: {reason}{command}: it must listen on $HOST:$PORT, or set health"
    if kind is EndKind.NO_REQUESTS_SERVED:
        return f"{file}: requests: {reason}: set their path, method or expect"
    return f"{file}: the app was not measured: {reason}"


def verdict_line(found: Answer, description: Description) -> str:
    judged = found.judged
    return f"{description.name}: {judged.verdict.value}: {judged.reason}"


def cause_lines(found: Answer) -> Iterator[str]:
    if not found.findings:
        yield no_cause(found)
    for each in found.findings:
        yield f"{each.cause.value} ({each.standing.value}): {each.evidence}; {each.proof}"


def no_cause(found: Answer) -> str:
    if found.judged.verdict in (Verdict.FLAT, Verdict.INCONCLUSIVE) or not found.gained_bytes:
        return "none is asked for: nothing grew that would be worth it"
    return "not known: no reading from inside says where it lies"


def help_line(found: Answer) -> str:
    """The first cure that was measured, else what the first cause advises."""
    if best := best_cure(found):
        saved = f"{format_mib(best.saved_bytes)} less in {found.requests:,} requests"
        return f"{best.change.line}  ({saved}, {rate_text(best)} of the requests a second)"
    if found.findings:
        return LAST_RESORT[found.findings[0].cause]
    return "nothing needs to change" if found.judged.verdict is Verdict.FLAT else DASH


def best_cure(found: Answer) -> Outcome | None:
    """One that saves something worth it; a stop-gap only where nothing else does."""
    cures = [each for each in found.outcomes if each.change.is_cure and is_worth_it(each)]
    return next(iter(cures), None)


def is_worth_it(each: Outcome) -> bool:
    was = each.gained_bytes + each.saved_bytes
    return each.saved_bytes >= max(1 << 20, 0.25 * was)


def rate_text(each: Outcome) -> str:
    return DASH if each.rate is None else f"{each.rate:.0%}"


def cause_text(found: Answer) -> str:
    """The first cause and how sure it is; empty without one."""
    return next((f"{each.cause.value} ({each.standing.value})" for each in found.findings), "")


def answer_text(found: Answer, name: str) -> str:
    """The whole answer about an app of that name, in Markdown."""
    lines = [
        f"# {name}",
        "",
        f"**Verdict:** {found.judged.verdict.value}. {found.judged.reason}",
        "",
        "**Cause:**",
        "",
        *(f"- {line}" for line in cause_lines(found)),
        "",
        f"**What helps:** {help_line(found)}",
        "",
        *outcome_table(found),
        *traced_text(found),
    ]
    return "\n".join(lines).rstrip() + "\n"


def outcome_table(found: Answer) -> Iterator[str]:
    if not found.outcomes:
        return
    yield f"Tried side by side, over {found.requests:,} requests:"
    yield ""
    yield "| change | gained | saved | requests a second |"
    yield "|---|---:|---:|---:|"
    for each in found.outcomes:
        gained, saved = signed_mib(each.gained_bytes), signed_mib(each.saved_bytes)
        told = "" if each.change.is_cure else " (to tell, not to keep)"
        yield f"| {each.change.line}{told} | {gained} MiB | {saved} MiB | {rate_text(each)} |"
    yield ""


def traced_text(found: Answer) -> Iterator[str]:
    if found.lines:
        yield "What lines still hold, in a run that traces allocations:"
        yield ""
        for line in found.lines:
            yield f"- {format_rate(line.bytes)} in {line.count:,} blocks: `{own_frame(line)}`"
        yield ""
    if found.types:
        types = ", ".join(f"{number(count)} `{name}`" for name, count in found.types)
        yield f"Objects more than at the baseline: {types}."
