"""The reason of a verdict: one sentence with its numbers and, where it is open, what to do."""

from lab.records.summary import Interval
from lab.stopping import MOST_LOADS
from lab.text.phrases import in_mib, size
from lab.verdict.criteria import (
    FILLING_REQUESTS,
    LeakDoubt,
    TroughEvidence,
    counts,
    flat_bytes,
    is_long,
    keeps_below_its_ceiling,
)
from lab.verdict.trend import FittedLine, Troughs


def leak_reason(seen: TroughEvidence, slope: Interval, held: TroughEvidence | None = None) -> str:
    """It climbs, by how much, and what that makes; how much of it is held, where that is known."""
    troughs = seen.troughs
    climb = held.climb.slope if held is not None else None
    of_it = (
        f"; what the app holds climbs by {size(climb.estimate)} a request"
        f" ({size(climb.low)} to {size(climb.high)})"
        if climb is not None
        else ""
    )
    return (
        f"{_change(troughs)} and still climbs evenly by"
        f" {size(slope.estimate)} a request ({size(slope.low)} to"
        f" {size(slope.high)}), {in_mib(seen.over_load(slope.estimate))} in"
        f" {troughs.total_requests:,} requests{of_it}"
    )


def held_reason(seen: TroughEvidence, held: TroughEvidence, slope: Interval) -> str:
    """What is held climbs, by how much, and how far memory shows it."""
    over_load = in_mib(held.over_load(slope.estimate))
    return (
        f"what the app holds climbs evenly by {size(slope.estimate)} a request"
        f" ({size(slope.low)} to {size(slope.high)}),"
        f" {over_load} in {held.troughs.total_requests:,} requests;"
        f" memory {_change(seen.troughs)} so far, as the first of it takes what was free before"
    )


def held_open_reason(seen: TroughEvidence) -> str:
    """Memory may be still, but what is held is not."""
    return (
        f"{_change(seen.troughs)}; what the app holds climbs, and whether that ends is open;"
        f" {_next_action(seen.troughs)}"
    )


def free_in_allocator_reason(seen: TroughEvidence, slope: Interval) -> str:
    """It climbs, and nothing of it is in use."""
    return (
        f"{_change(seen.troughs)}; what still climbs, {size(slope.estimate)} a request, is"
        f" memory that the allocator keeps free: what the app holds has stopped growing"
    )


def flat_reason(seen: TroughEvidence) -> str:
    """It hardly grew."""
    troughs = seen.troughs
    return (
        f"{_change(troughs)} in {troughs.total_requests:,} requests, less than the"
        f" {in_mib(flat_bytes(troughs))} that count as growth;"
        f" {_second_half(seen.line)}{_what_is_small(seen)}"
    )


def bounded_reason(seen: TroughEvidence) -> str:
    """It grew and stopped."""
    troughs = seen.troughs
    if keeps_below_its_ceiling(seen):
        low, high = in_mib(min(troughs.trough_bytes)), in_mib(max(troughs.trough_bytes))
        return f"rises and falls between {low} and {high}, and no higher than before"
    return (
        f"{_change(troughs)} and stopped at {in_mib(troughs.settled_bytes)}:"
        f" {_second_half(seen.line)}{_what_is_small(seen)}"
    )


def open_reason(seen: TroughEvidence, doubt: LeakDoubt | None) -> str:
    """What is open, and what would decide."""
    slope = seen.line.slope
    if doubt is not None:
        what = f"still climbs, but {doubt.value}: {_second_half(seen.line)}"
    else:
        low, high = (in_mib(seen.over_load(bound)) for bound in (slope.low, slope.high))
        what = (
            f"whether it stopped is open: as many requests again would change it by {low} to {high}"
        )
    return f"{_change(seen.troughs)} and {what}; {_next_action(seen.troughs)}"


def _what_is_small(seen: TroughEvidence) -> str:
    """A climb that is there and not called a leak: because it is small, or the load short."""
    slope = seen.climb.slope
    if slope is None or slope.low <= 0:
        return ""
    if slope.high < seen.matters:
        most, matters = size(slope.high), size(seen.matters)
        return f"; it climbs by at most {most} a request, less than the {matters} of MATTERS"
    least = FILLING_REQUESTS * seen.troughs.workers
    if is_long(seen.troughs) or counts(seen, slope.estimate, slope.high):
        return ""
    return f"; a leak that small looks like a heap that fills until REQUESTS={least}"


def _next_action(troughs: Troughs) -> str:
    """As much as the lab would add by itself, and at least as much again as was seen."""
    more = max(2, MOST_LOADS * troughs.asked_requests / troughs.total_requests)
    blocks = round(more * len(troughs.trough_bytes))
    return f"BLOCKS={blocks} REQUESTS={round(more * troughs.total_requests)} would decide"


def _change(troughs: Troughs) -> str:
    growth = troughs.growth_bytes
    return f"{'grew' if growth >= 0 else 'shrank'} by {in_mib(abs(growth))}"


def _second_half(line: FittedLine) -> str:
    did = "added" if line.rise_bytes >= 0 else "gave back"
    return f"the second half of the load {did} {in_mib(abs(line.rise_bytes))}"
