"""The answer about a user app as a record: its verdict, its causes and what helps."""

from lab.causes.causes import LIVE_CAUSES
from lab.causes.diagnosis import Diagnosis
from lab.causes.growth import is_too_small
from lab.causes.holders import sentences
from lab.causes.interventions import InterventionResult
from lab.causes.traces import line_name
from lab.records.app_answer import AppAnswer, AppCause, AppChange, AppLine
from lab.records.interventions import Cause
from lab.records.judgement import Verdict
from lab.text.phrases import DASH, in_mib, share

LAST_RESORT = {
    Cause.LIVE_OBJECTS: "let go of what the named lines keep, or move to a release that does",
    Cause.NATIVE: "move the package that the named lines call to a release that does not leak",
    Cause.PAGE_CACHE: "nothing: the kernel takes pages of files back when memory is needed",
    Cause.THREADS: "join the threads that are started, or give them a pool",
    Cause.PROCESSES: "wait for the processes that are started",
    Cause.DESCRIPTORS: "close what is opened (with open(...))",
    Cause.SOCKETS: "close connections, or reuse one client",
    Cause.KERNEL: "see which sockets or files are kept: the kernel's memory hangs on them",
    Cause.COPIED_PAGES: (
        "gc.freeze() before the fork, the loaded data in an array, a file or a database, or fewer"
        " workers"
    ),
    Cause.THREAD_ARENAS: "MALLOC_ARENA_MAX=2 in the service's environment",
    Cause.FRAGMENTATION: "MALLOC_TRIM_THRESHOLD_=131072 in the service's environment",
}

NO_CAUSE_NEEDED = "none is needed: memory did not grow enough to matter"
CAUSE_UNKNOWN = "not known: no reading from inside the app tells what holds the memory"
NOTHING_TO_CHANGE = "nothing needs to change"
COLLECT = "let the collector run: gc.enable(), lower thresholds, or gc.collect() now and then"


def app_answer(found: Diagnosis, name: str, variant: str) -> AppAnswer:
    """The answer about an app of that name, in words and numbers for every reader of it."""
    return AppAnswer(
        app=name,
        variant=variant,
        verdict=found.judged.verdict,
        reason=found.judged.reason,
        requests=found.requests,
        causes=tuple(
            AppCause(each.cause.value, each.standing.value, each.evidence, each.proof)
            for each in found.findings
        ),
        no_cause=None if found.findings else no_cause(found),
        helps=help_line(found),
        changes=tuple(
            AppChange(
                each.change.line,
                each.change.is_cure,
                each.gained_bytes,
                each.saved_bytes,
                each.rate,
            )
            for each in found.outcomes
        ),
        lines=tuple(AppLine(line_name(line), line.bytes, line.count) for line in found.lines),
        types=dict(found.types),
        held_by=tuple(sentences(found.holder)) if found.holder and is_held(found) else (),
        package=found.holder.package if found.holder and is_held(found) else None,
    )


def is_held(found: Diagnosis) -> bool:
    """Whether what grew is held by somebody, and no garbage that waits for the collector."""
    return any(each.cause in LIVE_CAUSES and not each.is_garbage for each in found.findings)


def no_cause(found: Diagnosis) -> str:
    undecided = found.judged.verdict is Verdict.INCONCLUSIVE
    if undecided or is_too_small(found.judged) or not found.gained_bytes:
        return NO_CAUSE_NEEDED
    return CAUSE_UNKNOWN


def help_line(found: Diagnosis) -> str:
    """The first cure that was measured, else what the first cause advises.

    Of a leak that the program itself holds, a cure that leaves most of the growth comes second.
    """
    best = best_cure(found)
    cure = cure_text(best, found.requests) if best else ""
    if best and (not program_leaks(found) or best.takes_most):
        return cure
    if found.findings:
        first = found.findings[0]
        advice = COLLECT if first.is_garbage else LAST_RESORT[first.cause]
        return f"{advice}; until then {cure}" if cure else advice
    decided = found.judged.verdict is not Verdict.INCONCLUSIVE
    return NOTHING_TO_CHANGE if decided and is_too_small(found.judged) else DASH


def program_leaks(found: Diagnosis) -> bool:
    """Whether it leaks, and its first cause is live memory of the program."""
    first = found.findings[0].cause if found.findings else None
    return found.judged.verdict is Verdict.LEAK and first in LIVE_CAUSES


def cure_text(best: InterventionResult, requests: int) -> str:
    saved = f"{in_mib(best.saved_bytes)} less in {requests:,} requests"
    return f"{best.change.line} ({saved}, {share(best.rate)} of the requests a second)"


def best_cure(found: Diagnosis) -> InterventionResult | None:
    """One that saves something worth it; a stop-gap only where nothing else does."""
    cures = [each for each in found.outcomes if each.change.is_cure and is_worth_it(each)]
    return next(iter(cures), None)


def is_worth_it(each: InterventionResult) -> bool:
    was = each.gained_bytes + each.saved_bytes
    return each.saved_bytes >= max(1 << 20, 0.25 * was)
