"""Flat, bounded, leak or inconclusive, from the troughs of one trial.

Two readings from inside take part, where they are known: growth that is free in the allocator is
no leak, and growth of live memory is one, though memory that was free before hides it.
"""

from dataclasses import dataclass, replace

from lab.records.judgement import (
    LEAST_BLOCKS,
    LEAST_REQUESTS,
    MIN_LEAK_BYTES_PER_REQUEST,
    Interval,
    Verdict,
)
from lab.records.trial import Trial
from lab.verdict.caveats import Caveat
from lab.verdict.data_growth import data_growth
from lab.verdict.end_criteria import (
    flat_bytes_of,
    grown_bytes,
    has_stopped,
    is_open,
    is_too_short,
)
from lab.verdict.evidence import TroughEvidence
from lab.verdict.harmless_growth import (
    HarmlessGrowth,
    harmless_growth,
    is_flat_but_for_free,
    is_fragmenting,
    is_garbage,
    is_rest_level,
    may_fragment,
    only_swings,
)
from lab.verdict.leak_criteria import (
    LeakDoubt,
    doubt_of,
    grows_evenly,
    has_trend,
    is_exhausted,
    leaking_live,
    leaves_live,
    may_live_grow,
    shows_live,
)
from lab.verdict.limit import LimitMet, limit_met
from lab.verdict.reasons import (
    bounded_reason,
    early_reason,
    ending_reason,
    flat_but_for_free_reason,
    flat_reason,
    fragments_reason,
    harmless_reason,
    leak_reason,
    live_in_few_reason,
    live_leak_reason,
    live_open_reason,
    lives_reason,
    open_reason,
    too_few_reason,
)
from lab.verdict.sequential import ending_of
from lab.verdict.trend import Troughs, fit, tail, troughs_of
from lab.verdict.validity import Conditions, caveats, conditions_of
from lab.verdict.worker_lives import lives_trend_of


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict of one trial, with its reason in one sentence."""

    verdict: Verdict
    reason: str
    interval: Interval | None
    """Bytes gained a request: of a leak its constant part, else of the second half of the load;
    None without troughs to fit."""
    growth_bytes: int | None
    """Settled less baseline."""
    caveats: tuple[Caveat, ...] = ()
    open_ended: bool = False
    """Whether the longest load may show growth that is taken for harmless so far to be endless."""


@dataclass(frozen=True, slots=True)
class Conclusion:
    """A verdict and its reason from the troughs alone."""

    verdict: Verdict
    reason: str
    interval: Interval
    open_ended: bool = False
    """See `Judgement`."""


def judge_trial(trial: Trial) -> Judgement:
    """The verdict of a recorded trial; where the app's own data grew, that is said first.

    A death at the memory limit is judged by what led to it.
    """
    judged = judge_memory(trial)
    grown = data_growth(trial.blocks) if judged.verdict is not Verdict.FLAT else None
    return judged if grown is None else replace(judged, reason=f"{grown.sentence} {judged.reason}")


def judge_memory(trial: Trial) -> Judgement:
    troughs = troughs_of(trial)
    judged = judge(troughs, conditions_of(trial), trial.start.matters_bytes)
    met = limit_met(trial) if judged.verdict is Verdict.INCONCLUSIVE else None
    return judged if met is None else at_limit(trial, troughs, met, judged)


def at_limit(trial: Trial, troughs: Troughs | None, met: LimitMet, judged: Judgement) -> Judgement:
    """A leak where each worker's life grew alike, or the troughs of one life are enough."""
    lives = lives_trend_of(trial) if met.replaced else None
    if lives is not None:
        reason = lives_reason(lives, met)
        return replace(judged, verdict=Verdict.LEAK, reason=reason, interval=lives.slope)
    if met.replaced or troughs is None or len(troughs.requests) < LEAST_BLOCKS:
        return judged
    said = judge_troughs(troughs, trial.start.matters_bytes)
    if said.verdict is not Verdict.LEAK:
        return judged
    reason = f"{met.sentence} {said.reason}"
    return replace(judged, verdict=Verdict.LEAK, reason=reason, interval=said.interval)


def judge(
    troughs: Troughs | None, conditions: Conditions, matters: float = MIN_LEAK_BYTES_PER_REQUEST
) -> Judgement:
    """The verdict of the troughs, as far as the conditions allow one."""
    doubts = caveats(conditions)
    growth = None if troughs is None else troughs.growth_bytes
    forbidding = next((caveat for caveat in doubts if caveat.forbids), None)
    if forbidding is not None:
        slope = slope_of(troughs)
        return Judgement(Verdict.INCONCLUSIVE, forbidding.sentence, slope, growth, doubts)
    if troughs is None:
        raise ValueError("no troughs, and no caveat that says so")
    said = judge_ended(troughs, matters) if conditions.decided else judge_troughs(troughs, matters)
    return Judgement(said.verdict, said.reason, said.interval, growth, doubts, said.open_ended)


def judge_ended(troughs: Troughs, matters: float = MIN_LEAK_BYTES_PER_REQUEST) -> Conclusion:
    """Verdict and reason of a load that ended before its plan."""
    ending = ending_of(troughs, matters)
    if ending is not None:
        return Conclusion(ending.verdict, ending_reason(troughs, ending), ending.interval)
    if len(troughs.requests) >= LEAST_BLOCKS:
        return judge_troughs(troughs, matters)
    nothing = Interval(0.0, 0.0, 0.0)
    return Conclusion(Verdict.INCONCLUSIVE, early_reason(troughs), slope_of(troughs) or nothing)


def slope_of(troughs: Troughs | None) -> Interval | None:
    """The slope of the tail; None with too few troughs."""
    points = None if troughs is None else tail(troughs)
    return fit(points).slope if points and len(points.requests) > 2 else None


def judge_troughs(troughs: Troughs, matters: float = MIN_LEAK_BYTES_PER_REQUEST) -> Conclusion:
    """Verdict and reason of at least eight troughs."""
    seen = TroughEvidence(troughs, matters)
    doubt = doubt_of(seen) if has_trend(seen) else None
    return _leak_or_harmless(seen, doubt) or _live_leak(seen) or _ended_or_open(seen, doubt)


def _leak_or_harmless(seen: TroughEvidence, doubt: LeakDoubt | None) -> Conclusion | None:
    """The conclusion on a trend without doubt: a leak, or harmless growth."""
    slope = seen.trend.slope
    if slope is None or not has_trend(seen) or doubt is not None:
        return None
    if (kind := harmless_growth(seen)) is not None:
        is_free = kind is HarmlessGrowth.FREE
        if is_free and is_fragmenting(seen):
            return Conclusion(Verdict.LEAK, fragments_reason(seen, slope), slope)
        if is_free and is_flat_but_for_free(seen):
            return Conclusion(Verdict.FLAT, flat_but_for_free_reason(seen), slope)
        reason, open_ended = harmless_reason(seen, kind, slope), is_free and may_fragment(seen)
        return Conclusion(Verdict.BOUNDED, reason, slope, open_ended)
    return Conclusion(Verdict.LEAK, leak_reason(seen, slope, leaking_live(seen)), slope)


def _live_leak(seen: TroughEvidence) -> Conclusion | None:
    """A leak that memory does not show yet, or shows below growth of another shape."""
    live = leaking_live(seen)
    slope = None if live is None else live.trend.slope
    if live is None or slope is None or is_garbage(seen):
        return None
    if shows_live(seen) and not grows_evenly(live):
        return None
    return Conclusion(Verdict.LEAK, live_leak_reason(seen, live, slope), slope)


def is_harmless_so_far(seen: TroughEvidence) -> bool:
    """Whether growth that is free is taken for harmless until the longest load tells."""
    return is_rest_level(seen) and not is_exhausted(seen.troughs)


def _ended_or_open(seen: TroughEvidence, doubt: LeakDoubt | None) -> Conclusion:
    slope = seen.line.slope
    if may_live_grow(seen) and not is_garbage(seen):
        return Conclusion(Verdict.INCONCLUSIVE, live_open_reason(seen), slope)
    if is_open(seen, doubt) or not has_stopped(seen):
        kind = HarmlessGrowth.GARBAGE if is_garbage(seen) else harmless_growth(seen)
        is_free = kind is HarmlessGrowth.FREE
        if kind is not None and (not is_free or is_harmless_so_far(seen)):
            reason = harmless_reason(seen, kind, slope)
            return Conclusion(Verdict.BOUNDED, reason, slope, open_ended=is_free)
        if is_open(seen, doubt) or not only_swings(seen):
            return Conclusion(Verdict.INCONCLUSIVE, open_reason(seen, doubt), slope)
    if is_too_short(seen.troughs):
        return Conclusion(Verdict.INCONCLUSIVE, too_few_reason(seen, LEAST_REQUESTS), slope)
    if leaves_live(seen):
        return Conclusion(Verdict.INCONCLUSIVE, live_in_few_reason(seen), slope)
    if grown_bytes(seen) < flat_bytes_of(seen):
        return Conclusion(Verdict.FLAT, flat_reason(seen), slope)
    return Conclusion(Verdict.BOUNDED, bounded_reason(seen), slope)
