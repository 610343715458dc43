"""What helps against a growth: the best measured intervention, and the advice for its cause."""

from collections.abc import Mapping

from lab.causes.causes import LIVE_CAUSES
from lab.causes.diagnosis import Diagnosis
from lab.causes.growth import is_too_small
from lab.causes.holder_advice import JOIN_THREADS, advice_for_holder
from lab.causes.holders import HolderFinding, owner_text
from lab.causes.interventions import InterventionResult
from lab.causes.named_growth import pool_line
from lab.causes.releases import ends_it, is_release, release_text, still_grows
from lab.causes.traces import is_app_frame, short_frame
from lab.records.interventions import MALLOC_THRESHOLD_BYTES, Cause
from lab.records.judgement import Verdict
from lab.text.phrases import DASH, in_mib, number, share
from lab.units import MIB

ADVICE: Mapping[Cause, str] = {
    Cause.LIVE_OBJECTS: (
        "release what the named lines hold, or move the package that they call to a release that"
        " does not leak"
    ),
    Cause.NATIVE: "move the package that the named lines call to a release that does not leak",
    Cause.PAGE_CACHE: "nothing: the kernel takes pages of files back when memory is needed",
    Cause.THREADS: JOIN_THREADS,
    Cause.PROCESSES: "wait for the processes that are started",
    Cause.DESCRIPTORS: "close what is opened (with open(...))",
    Cause.SOCKETS: "close connections, or reuse one client",
    Cause.KERNEL: "close the sockets or files that are kept: the kernel's memory belongs to them",
    Cause.COPIED_PAGES: (
        "call gc.freeze() before the fork, keep the loaded data in an array, a file or a database,"
        " or use fewer workers"
    ),
    Cause.THREAD_ARENAS: "MALLOC_ARENA_MAX=2 in the service's environment",
    Cause.FRAGMENTATION: (
        f"MALLOC_TRIM_THRESHOLD_={MALLOC_THRESHOLD_BYTES} in the service's environment"
    ),
}
COLLECT = "let the collector run: gc.enable(), lower thresholds, or gc.collect() at intervals"
LIMIT = "nothing needs to change: what the named lines fill has a limit; a lower one saves memory"
HAS_STOPPED = "nothing needs to change: what the named lines hold has stopped growing"
LOAD_FIRST = "send the load that the verdict's reason names: whether anything leaks is open"
NOTHING_TO_CHANGE = "nothing needs to change"
NO_CAUSE_NEEDED = "none is needed: memory did not grow enough to matter"
CAUSE_OPEN = "not looked for: whether memory grows is open"
CAUSE_UNKNOWN = "not known: no reading from inside the app shows what holds the memory"

WORTH_SAVING_BYTES = MIB
COST_BYTES = 100 * MIB
"""Bytes that a change must save to be worth all requests a second; in proportion for less."""
FREE_SHARE = 0.05
"""A smaller loss of requests a second is the noise of the machine."""
WORTH_SAVING_SHARE = 0.25
"""Share of the control run's growth; an intervention that saves less is not named."""


def no_cause(diagnosis: Diagnosis) -> str:
    """Why an answer names no cause."""
    if diagnosis.judged.verdict is Verdict.INCONCLUSIVE:
        return CAUSE_OPEN
    if is_too_small(diagnosis.judged) or not diagnosis.gained_bytes:
        return NO_CAUSE_NEEDED
    return CAUSE_UNKNOWN


def help_line(diagnosis: Diagnosis) -> str:
    """The best intervention that was measured, or the advice for the first cause.

    The advice comes first where the intervention is a stop-gap, and of a leak of live memory that
    it does not end; another release that ends the growth comes before all. What live memory
    fills and has stopped needs no stop-gap.
    """
    best, advice = best_cure(diagnosis), with_release(advice_for_cause(diagnosis), diagnosis)
    if diagnosis.judged.verdict is Verdict.BOUNDED and is_live(diagnosis):
        best = None if best and best.change.is_stop_gap else best
    if best and any(map(ends_it, diagnosis.outcomes)):
        best = best if best.change.is_stop_gap else None
    cure = cure_text(best, diagnosis.requests) if best else ""
    pool = pool_line(diagnosis.named) if is_of_arenas(diagnosis) else None
    cure = f"{cure}, or {pool}" if cure and pool else cure
    if not best:
        return advice or without_findings(diagnosis)
    if advice and best.change.lowers_level:
        return f"{advice}; in addition {cure}"
    if not advice or not is_second(best, diagnosis):
        return cure
    return f"{advice}; until then {cure}"


def is_of_arenas(diagnosis: Diagnosis) -> bool:
    return bool(diagnosis.findings) and diagnosis.findings[0].cause is Cause.THREAD_ARENAS


def is_second(best: InterventionResult, diagnosis: Diagnosis) -> bool:
    """Whether an intervention is named after the advice for the cause."""
    leaks = diagnosis.judged.verdict is Verdict.LEAK and is_live(diagnosis)
    still_leaks = best.verdict is Verdict.LEAK
    return best.change.is_stop_gap or (leaks and (still_leaks or not best.takes_most))


def advice_for_cause(diagnosis: Diagnosis) -> str | None:
    """The advice for the first cause; None without one."""
    if not diagnosis.findings:
        return None
    first = diagnosis.findings[0]
    if first.is_garbage:
        return COLLECT
    if diagnosis.judged.verdict is Verdict.BOUNDED and first.cause in LIVE_CAUSES:
        if first.cause is Cause.NATIVE:
            return HAS_STOPPED
        return full_container(diagnosis.holder) or LIMIT
    if diagnosis.judged.verdict is Verdict.INCONCLUSIVE and first.cause in LIVE_CAUSES:
        return LOAD_FIRST
    if first.cause in LIVE_CAUSES and diagnosis.holder is not None:
        return advice_for_holder(diagnosis.holder, caller_of(diagnosis)) or ADVICE[first.cause]
    pool = pool_line(diagnosis.named) if first.cause is Cause.THREAD_ARENAS else None
    return f"{ADVICE[first.cause]}, or {pool}" if pool else ADVICE[first.cause]


def full_container(holder: HolderFinding | None) -> str | None:
    """A clause on a container that filled: its owner, size and limit; None without one."""
    first = next((each for each in holder.holders if each.path), None) if holder else None
    if first is None:
        return None
    path = f"nothing needs to change: {first.path}{owner_text(first.owner)}"
    held = f"{number(first.entries_after)} entries"
    if first.limit is None:
        return f"{path} holds {held} and has stopped growing"
    if first.entries_after >= first.limit:
        return f"{path} holds {held}, its limit; a lower one saves memory"
    # The run that was traced is shorter than the one that was judged.
    return f"{path} holds {number(first.limit)} entries at most, {held} in the traced run"


def caller_of(diagnosis: Diagnosis) -> str | None:
    """The innermost line of the app among those that led to what was left."""
    frames = (frame for line in diagnosis.lines for frame in line.frames)
    own = next((frame for frame in frames if is_app_frame(frame)), None)
    return short_frame(own) if own is not None else None


def with_release(advice: str | None, diagnosis: Diagnosis) -> str | None:
    """The advice together with what the newest release did.

    It is that release alone where it ends the leak. Where the standard library holds the memory,
    the advice says what the app itself may do.
    """
    result = next((each for each in diagnosis.outcomes if is_release(each)), None)
    if result is None:
        return f"{advice} ({diagnosis.no_release})" if advice and diagnosis.no_release else advice
    holder = diagnosis.holder
    said = release_text(result, holder.culprit if holder else None)
    if ends_it(result) and advice and is_live(diagnosis) and holder and holder.is_librarys:
        return f"{said}, or {advice}"
    if ends_it(result) or advice is None:
        return said
    leaks = result.verdict is Verdict.LEAK
    if leaks and holder is not None and holder.is_of_use:
        return f"{advice}; {still_grows(result)}"
    return said if leaks else f"{advice}; {said}"


def without_findings(diagnosis: Diagnosis) -> str:
    """The advice where no cause was found and no intervention helped."""
    decided = diagnosis.judged.verdict is not Verdict.INCONCLUSIVE
    return NOTHING_TO_CHANGE if decided and is_too_small(diagnosis.judged) else DASH


def is_live(diagnosis: Diagnosis) -> bool:
    """Whether the first cause is live memory of the program."""
    return bool(diagnosis.findings) and diagnosis.findings[0].cause in LIVE_CAUSES


def cure_text(best: InterventionResult, requests: int) -> str:
    """An intervention with what it saves and costs."""
    saved = f"{in_mib(best.saved_bytes)} less in {requests:,} requests"
    if best.change.lowers_level:
        saved = f"{in_mib(best.saved_bytes)} less of all processes together"
    return f"{best.change.line} ({saved}, {share(best.rate)} of the requests a second)"


def best_cure(diagnosis: Diagnosis) -> InterventionResult | None:
    """The first intervention to keep that saves enough; a stop-gap only where nothing else does.

    Another release is the advice's own.
    """
    kept = (each for each in diagnosis.outcomes if each.change.is_cure and not is_release(each))
    cures = (each for each in kept if is_worth_it(each))
    return next(cures, None)


def is_worth_it(result: InterventionResult) -> bool:
    """Whether an intervention saves enough to be named, for the requests a second that it costs."""
    lost = max(1.0 - (result.rate if result.rate is not None else 1.0), 0.0)
    price = COST_BYTES * lost if lost > FREE_SHARE else 0.0
    least = max(WORTH_SAVING_BYTES, WORTH_SAVING_SHARE * result.control_bytes, price)
    return result.saved_bytes >= least
