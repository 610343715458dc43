"""From plausible causes to findings: what an intervention, a trace or a collection proves."""

from collections.abc import Sequence
from dataclasses import dataclass

from lab.causes.causes import LIVE_CAUSES, Plausible
from lab.causes.growth import Growth
from lab.causes.holders import who_holds
from lab.causes.interventions import RUN_NOISE_BYTES, InterventionResult
from lab.causes.traces import (
    MOST_TRACE_TYPES,
    TRACED_SHARE,
    UNSEEN_SHARE,
    best_trace,
    bytes_per_request,
    line_name,
    merged_lines,
    python_trace,
    traced_share,
)
from lab.records.interventions import RETAINED_CAUSES, Cause
from lab.records.judgement import Certainty, Verdict
from lab.records.observations import AllocationTrace, PostLoadObservation
from lab.records.readings import known_sum
from lab.records.variant import Scenario
from lab.text.phrases import in_mib, listed, number, share, size

RETURNED_SHARE = 0.5
"""Share of the growth; when collecting gives back as much, the growth was garbage."""

NOT_TOLD_APART = ", Python's objects and native memory alike"
"""What malloc's own trace cannot say."""

COUNTED_BY_KERNEL = "the sum of RSS is level while each page that becomes private is counted"


@dataclass(frozen=True, slots=True)
class CauseFinding:
    """One cause with its evidence."""

    cause: Cause
    standing: Certainty
    evidence: str
    proof: str
    """What confirmed the cause, or what would confirm it."""
    is_garbage: bool = False
    """Whether nothing refers to it, and the collector was not run for it."""


def findings(
    growth: Growth,
    causes: Sequence[Plausible],
    results: Sequence[InterventionResult],
    traces: Sequence[AllocationTrace],
) -> list[CauseFinding]:
    """A finding for each plausible cause: what requests leave open first, then what is proven.

    Live memory that leaks comes before what is free beside it: that part may end, this does not.
    """
    named = [finding(growth, cause, results, traces) for cause in causes]
    first_of = {each.cause: each for each in reversed(named)}
    distinct = [each for each in named if first_of[each.cause] is each]
    left_open = {each.cause for each in causes if each.keeps_growing}
    later = RETAINED_CAUSES if growth.live_leaks else ()
    return sorted(
        distinct,
        key=lambda each: (
            each.cause not in left_open and each.cause in later,
            each.cause not in left_open and each.standing is not Certainty.PROVEN,
        ),
    )


def finding(
    growth: Growth,
    suspect: Plausible,
    results: Sequence[InterventionResult],
    traces: Sequence[AllocationTrace],
) -> CauseFinding:
    """The finding on one plausible cause."""
    cause, evidence = suspect.cause, suspect.evidence
    if cause in LIVE_CAUSES:
        return live_finding(growth, suspect, traces)
    if cause is Cause.COPIED_PAGES:
        return CauseFinding(cause, Certainty.PROVEN, evidence, COUNTED_BY_KERNEL)
    tried = [each for each in results if cause in each.change.proves]
    # What a change leaves leaking is not what it takes away.
    proving = [each for each in tried if each.proves(cause)]
    proving.sort(key=lambda each: growth.leaks and each.verdict is Verdict.LEAK)
    measured = f"; {each_saves(tried)}" if tried and cause in RETAINED_CAUSES else ""
    if proving:
        by = proving[0]
        proof = f"with {by.change.line} it gains {saved_share(by)} less"
        if growth.leaks and by.verdict is Verdict.LEAK:
            proof = f"{proof}, and it still leaks{measured}"
            return CauseFinding(cause, Certainty.LIKELY, evidence, proof)
        return CauseFinding(cause, Certainty.PROVEN, evidence, proof + measured)
    # Trimming gives back what is free: of threads or descriptors it proves nothing.
    if cause in RETAINED_CAUSES and (returned := given_back(growth)) and not was_garbage(growth):
        return CauseFinding(cause, Certainty.PROVEN, evidence, returned + measured)
    names = listed([each.change.name for each in tried])
    proof = f"not confirmed by {names}" if names else "no change that would prove it fits this app"
    return CauseFinding(cause, Certainty.LIKELY, evidence, proof + measured)


def each_saves(tried: Sequence[InterventionResult]) -> str:
    """A clause on how much less than the control run each change gained, measured."""
    saved = [
        f"{each.change.name.replace('-', ' ')} {in_mib(max(each.saved_bytes, 0.0))}"
        for each in tried
    ]
    control = in_mib(tried[0].control_bytes)
    return f"of {control} gained, each change gave back (measured): {listed(saved)}"


def saved_share(result: InterventionResult) -> str:
    """How much of the control's growth was saved."""
    was = result.control_bytes
    return share(result.saved_bytes / was) if was > 0 else "nothing"


def given_back(growth: Growth) -> str | None:
    """What collecting and trimming at the end gave back, where that is most of the growth."""
    whole, returned = growth.whole, returned_bytes(growth)
    if whole is None or returned < max(RUN_NOISE_BYTES, RETURNED_SHARE * whole.memory):
        return None
    return f"collecting and trimming at the end gave back {share(returned / whole.memory)} of it"


def returned_bytes(growth: Growth) -> int:
    """Memory that collecting and trimming at the end gave back; 0 where that was not seen."""
    seen = growth.trial.post_load
    if seen is None or seen.scenario is not Scenario.GIVE_BACK:
        return 0
    if seen.memory_before_bytes is None or seen.memory_after_bytes is None:
        return 0
    return seen.memory_before_bytes - seen.memory_after_bytes


def freed_by_collecting(growth: Growth, explained_bytes: int) -> str | None:
    """What collecting at the end freed of a live part of the growth, where that is most of it.

    Trimming gives back what was free before the load, too, so live bytes tell where they are known;
    else what was given back must be more than all of the rest.
    """
    seen, whole = growth.trial.post_load, growth.whole
    if seen is None or whole is None or seen.scenario is not Scenario.GIVE_BACK:
        return None
    freed = freed_bytes(seen)
    if freed is None:
        of_the_part = returned_bytes(growth) - max(whole.memory - explained_bytes, 0)
        return given_back(growth) if of_the_part >= RETURNED_SHARE * explained_bytes else None
    if freed < max(RUN_NOISE_BYTES, RETURNED_SHARE * explained_bytes):
        return None
    return f"collecting at the end freed {in_mib(freed)} of live memory"


def freed_bytes(seen: PostLoadObservation) -> int | None:
    """The bytes by which all workers' live memory fell; None where one has no count of it."""
    if seen.before is None or seen.after is None:
        return None
    workers = max(len(seen.before.workers), 1)
    before, after = (
        known_sum((each.live_bytes for each in reading.workers), workers)
        for reading in (seen.before, seen.after)
    )
    return None if before is None or after is None else before - after


def was_garbage(growth: Growth) -> bool:
    """Whether collecting at the end freed live memory, so that it proves nothing of free memory."""
    live = (each for each in growth.suspects() if each.cause in LIVE_CAUSES)
    return any(
        freed_by_collecting(growth, growth.over_whole_load(each.explained_bytes)) for each in live
    )


def garbage_types(traces: Sequence[AllocationTrace]) -> list[str]:
    """The types of the cycles, with their counts in the traced run."""
    python = python_trace(traces)
    counts = sorted(python.garbage.items(), key=lambda item: -item[1]) if python else []
    return [f"{number(count)} {name}" for name, count in counts[:MOST_TRACE_TYPES]]


def live_finding(
    growth: Growth, suspect: Plausible, traces: Sequence[AllocationTrace]
) -> CauseFinding:
    """Live objects and native memory: proven when traced lines hold it and nothing frees it."""
    freed = freed_by_collecting(growth, growth.over_whole_load(suspect.explained_bytes))
    if freed is not None:
        types = garbage_types(traces)
        of_types = f": {listed(types)}" if types else ""
        evidence = f"{suspect.evidence}, all of it garbage that waits for the collector{of_types}"
        return CauseFinding(Cause.LIVE_OBJECTS, Certainty.PROVEN, evidence, freed, is_garbage=True)
    trace = best_trace(traces, growth.per_request)
    if trace is None:
        return CauseFinding(suspect.cause, Certainty.LIKELY, suspect.evidence, "nothing was traced")
    python = python_trace(traces)
    left = f"{trace.tracer} finds {size(bytes_per_request(trace))} a request still allocated"
    traced = traced_share(trace, growth.per_request)
    if traced < TRACED_SHARE or not trace.lines:
        cause = traced_cause(growth, suspect, python) or suspect.cause
        why = f"{left}, {share(traced)} of the growth"
        return CauseFinding(cause, Certainty.LIKELY, suspect.evidence, why)
    # One trace that explains the growth is the proof of one cause.
    cause = traced_cause(growth, suspect, python) or leading_live_cause(growth, suspect)
    proof = f"{left}, first by {line_name(merged_lines(trace.lines)[0])}"
    if python is None and len(live_suspects(growth)) > 1:
        return CauseFinding(cause, Certainty.LIKELY, suspect.evidence, f"{proof}{NOT_TOLD_APART}")
    return CauseFinding(cause, Certainty.PROVEN, suspect.evidence, proof)


def traced_cause(
    growth: Growth, suspect: Plausible, python: AllocationTrace | None
) -> Cause | None:
    """The cause of live memory by what Python's own trace sees of it; None: it does not tell.

    What that accounts for is live objects, whatever their size, and what it does not see is native
    memory. What an extension asked Python's allocator for and nothing in Python holds is native,
    too. Where blocks of objects account for it, a reference is lost.
    """
    if python is None:
        return None
    seen = traced_share(python, growth.per_request)
    if seen >= TRACED_SHARE:
        holder = who_holds(python)
        unheld = holder is not None and holder.is_unheld and holder.called is not None
        return leading_live_cause(growth, suspect) if unheld else Cause.LIVE_OBJECTS
    return Cause.NATIVE if seen < UNSEEN_SHARE else None


def leading_live_cause(growth: Growth, suspect: Plausible) -> Cause:
    """The cause that explains most of what is allocated, by the memory breakdown."""
    return next(iter(live_suspects(growth)), suspect.cause)


def live_suspects(growth: Growth) -> list[Cause]:
    """The plausible causes of what is allocated, each once, the one that explains most first."""
    live = (each.cause for each in growth.suspects() if each.cause in LIVE_CAUSES)
    return list(dict.fromkeys(live))
