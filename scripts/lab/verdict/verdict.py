"""Flat, bounded, leak or inconclusive, from the troughs of one trial.

Two things from inside speak with them, where they are known: a climb that the allocators keep
free is no leak, and what the program holds is one, though memory that was free before hides it.
"""

from dataclasses import dataclass

from lab.records.observations import MIN_LEAK_BYTES_PER_REQUEST, Trial
from lab.records.summary import Interval, Verdict
from lab.verdict.criteria import (
    TroughEvidence,
    climbs,
    doubt_of,
    flat_bytes,
    grown_bytes,
    has_stopped,
    held_of,
    is_free_in_allocator,
    is_open,
    may_hold_more,
)
from lab.verdict.reasons import (
    bounded_reason,
    flat_reason,
    free_in_allocator_reason,
    held_open_reason,
    held_reason,
    leak_reason,
    open_reason,
)
from lab.verdict.trend import Troughs, fit, tail, troughs_of
from lab.verdict.validity import Caveat, Conditions, caveats, conditions_of


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


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What the troughs alone say."""

    verdict: Verdict
    reason: str
    interval: Interval


def judge_trial(trial: Trial) -> Judgement:
    """The verdict of a recorded trial."""
    return judge(troughs_of(trial), conditions_of(trial), trial.start.matters_bytes)


def judge(
    troughs: Troughs | None, conditions: Conditions, matters: float = MIN_LEAK_BYTES_PER_REQUEST
) -> Judgement:
    """The verdict of the troughs, as far as the conditions allow one."""
    found = caveats(conditions)
    growth = None if troughs is None else troughs.growth_bytes
    forbidding = next((caveat for caveat in found if caveat.forbids), None)
    if forbidding is not None:
        slope = slope_of(troughs)
        return Judgement(Verdict.INCONCLUSIVE, forbidding.sentence, slope, growth, found)
    if troughs is None:
        raise ValueError("no troughs, and no caveat that says so")
    said = judge_troughs(troughs, matters)
    return Judgement(said.verdict, said.reason, said.interval, growth, found)


def slope_of(troughs: Troughs | None) -> Interval | None:
    """Slope of the tail, as far as the troughs reach."""
    points = None if troughs is None else tail(troughs)
    return fit(points).slope if points and len(points.requests) > 2 else None


def judge_troughs(troughs: Troughs, matters: float = MIN_LEAK_BYTES_PER_REQUEST) -> Conclusion:
    """Verdict and reason of at least eight troughs."""
    seen = TroughEvidence(troughs, matters)
    slope = seen.climb.slope
    doubt = None
    if slope is not None and climbs(seen):
        doubt = doubt_of(seen)
        if doubt is None and is_free_in_allocator(seen):
            return Conclusion(Verdict.BOUNDED, free_in_allocator_reason(seen, slope), slope)
        if doubt is None:
            return Conclusion(Verdict.LEAK, leak_reason(seen, slope, held_of(seen)), slope)
    held = held_of(seen)
    if held is not None and (held_slope := held.climb.slope) is not None:
        return Conclusion(Verdict.LEAK, held_reason(seen, held, held_slope), held_slope)
    tail_slope = seen.line.slope
    if may_hold_more(seen):
        return Conclusion(Verdict.INCONCLUSIVE, held_open_reason(seen), tail_slope)
    if is_open(seen, doubt) or not has_stopped(seen):
        return Conclusion(Verdict.INCONCLUSIVE, open_reason(seen, doubt), tail_slope)
    if grown_bytes(seen) < flat_bytes(troughs):
        return Conclusion(Verdict.FLAT, flat_reason(seen), tail_slope)
    return Conclusion(Verdict.BOUNDED, bounded_reason(seen), tail_slope)
