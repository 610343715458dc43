"""The reason of a verdict: a sentence with its numbers and, where it is open, what to do."""

from lab.records.judgement import Interval, Verdict
from lab.stopping import MOST_LOADS
from lab.text.phrases import in_mib, size
from lab.verdict.end_criteria import flat_bytes_of, is_bounded_saw_tooth
from lab.verdict.evidence import TroughEvidence
from lab.verdict.harmless_growth import HarmlessGrowth
from lab.verdict.leak_criteria import FILLING_REQUESTS, LeakDoubt, is_long, is_significant
from lab.verdict.limit import LimitMet
from lab.verdict.lives import Climb
from lab.verdict.sequential import Ending
from lab.verdict.trend import FittedLine, Troughs


def leak_reason(seen: TroughEvidence, slope: Interval, live: TroughEvidence | None = None) -> str:
    """Memory grows evenly, by how much; how much of it is live, where that is known."""
    troughs = seen.troughs
    of_it = live.trend.slope if live is not None else None
    return (
        f"{_change(troughs)} and still grows evenly by {_rate(slope)},"
        f" {in_mib(seen.over_load(slope.estimate))} in {troughs.total_requests:,} requests"
        f"{'' if of_it is None else _live_part(slope, of_it)}."
    )


def _live_part(slope: Interval, of_it: Interval) -> str:
    """How live memory grows; more is asked for than memory shows where it is not written to."""
    unwritten = of_it.low > slope.high
    why = ", of which memory shows what the app wrote to" if unwritten else ""
    return f"; live memory grows by {_rate(of_it)}{why}"


def climb_reason(climb: Climb, met: LimitMet) -> str:
    """Each life climbs alike until the limit is met."""
    return (
        f"{met.sentence} Each of the {climb.lives} lives of workers that were seen climbs alike, by"
        f" {_rate(climb.slope)} of all workers together."
    )


def fragments_reason(seen: TroughEvidence, slope: Interval) -> str:
    """What is free in the allocators grows to the end of the longest load: it is never reused."""
    return (
        f"{_change(seen.troughs)} and still grows evenly by {_rate(slope)}, to the end of the"
        f" longest load ({seen.troughs.total_requests:,} requests), though live memory does not: a"
        " leak of address space, as what is free in the allocator is not reused (fragmentation)."
    )


def ending_reason(troughs: Troughs, ending: Ending) -> str:
    """Growth had ended before the planned load was over: by which count, and its bounds."""
    sent = f"{troughs.total_requests:,} of {troughs.asked_requests:,} requests"
    if ending.verdict is Verdict.FLAT:
        how = f"{_change(troughs)} in {sent}, which tell that it has ended"
    else:
        settled = in_mib(troughs.settled_bytes)
        how = f"{_change(troughs)} and stopped at {settled}, as {sent} tell"
    most = f"it grows by at most {size(ending.high)} a request"
    if not ending.is_exact:
        return f"{how}: {most}."
    memory = size(ending.memory_high)
    return f"{how}: by the exact count of live bytes {most}, and memory, less exactly, by {memory}."


def early_reason(troughs: Troughs) -> str:
    """The load ended early, and its end is not to be seen."""
    return (
        f"{_change(troughs)} in {troughs.total_requests:,} of {troughs.asked_requests:,} requests,"
        " which do not tell whether it has ended; RULE=fixed sends all of them."
    )


def live_leak_reason(seen: TroughEvidence, live: TroughEvidence, slope: Interval) -> str:
    """Live memory grows, by how much, and how far the memory of the process shows it."""
    over_load = in_mib(live.over_load(slope.estimate))
    hidden = seen.troughs.growth_bytes < live.troughs.growth_bytes
    why = "as live objects first take what was free in the allocator"
    return (
        f"Live memory grows evenly by {_rate(slope)}, {over_load} in"
        f" {live.troughs.total_requests:,} requests. Memory {_grew(seen.troughs)} so far,"
        f" {why if hidden else 'of which the rest is not live or does not grow evenly'}."
    )


def live_open_reason(seen: TroughEvidence) -> str:
    """The processes' memory may be stable, but live memory is not."""
    return (
        f"{_change(seen.troughs)}; live memory grows, and whether that ends is open:"
        f" {_next_action(seen.troughs)}."
    )


def harmless_reason(seen: TroughEvidence, kind: HarmlessGrowth, slope: Interval) -> str:
    """Memory still grows, and why that is no leak."""
    ceiling = seen.troughs.ceiling
    if kind is HarmlessGrowth.FILLING and ceiling is not None:
        filled = ceiling.filled_threads(seen.troughs.growth_bytes)
        return (
            f"{_change(seen.troughs)}; filling: {filled:,} of {ceiling.threads:,} threads, ceiling"
            f" {in_mib(ceiling.growth_bytes)} predicted; what grows is free in the allocator."
        )
    garbage = seen.troughs.garbage_bytes
    if kind is HarmlessGrowth.GARBAGE and garbage is not None:
        return (
            f"{_change(seen.troughs)}; it is garbage that waits for the collector, which frees"
            f" it now and then: collecting at the end freed {in_mib(garbage)}."
        )
    grows = f"{_change(seen.troughs)}; what still grows, {size(slope.estimate)} a request,"
    shared = seen.troughs.shared_bytes
    if kind is HarmlessGrowth.COPIED and shared is not None:
        return (
            f"{grows} are pages copied after the fork: the sum of RSS and live memory are level;"
            f" ceiling {in_mib(shared[0])} more than the baseline, which is what processes shared"
            " then."
        )
    stopped = ": live memory has stopped growing" if seen.live is not None else ""
    return f"{grows} is free in the allocator{stopped}."


def flat_but_for_free_reason(seen: TroughEvidence) -> str:
    """Memory hardly grew, in what is free, and by how much live memory grows at most."""
    live, slope = seen.live, seen.line.slope
    most = size(max(0.0, live.line.slope.high)) if live is not None else "nothing"
    return (
        f"{_small_change(seen)}; what still grows, {size(slope.estimate)} a request, is free in the"
        f" allocator, and live memory grows by at most {most} a request."
    )


def flat_reason(seen: TroughEvidence) -> str:
    """Memory hardly grew, and by how much at most."""
    most = size(max(0.0, upper_bound(seen)))
    small = _what_is_small(seen) or f"; it grows by at most {most} a request"
    return f"{_small_change(seen)}; {_second_half(seen.line)}{small}."


def _small_change(seen: TroughEvidence) -> str:
    return (
        f"{_change(seen.troughs)} in {seen.troughs.total_requests:,} requests, less than the"
        f" {in_mib(flat_bytes_of(seen))} that count as growth"
    )


def upper_bound(seen: TroughEvidence) -> float:
    """Bytes a request by which memory may still grow: the upper end of the 95 % interval."""
    slope = seen.trend.slope
    return seen.line.slope.high if slope is None or slope.low <= 0 else slope.high


def bounded_reason(seen: TroughEvidence) -> str:
    """Memory grew and stopped."""
    troughs = seen.troughs
    if is_bounded_saw_tooth(seen):
        low, high = in_mib(min(troughs.trough_bytes)), in_mib(max(troughs.trough_bytes))
        return f"Rises and falls between {low} and {high}, and no higher than before."
    return (
        f"{_change(troughs)} and stopped at {in_mib(troughs.settled_bytes)}:"
        f" {_second_half(seen.line)}{_what_is_small(seen)}."
    )


def open_reason(seen: TroughEvidence, doubt: LeakDoubt | None) -> str:
    """The reason of an open verdict: what is open, and what would decide."""
    slope = seen.line.slope
    if doubt is not None:
        what = f"still grows, but {doubt.value}: {_second_half(seen.line)}"
    else:
        low, high = (in_mib(seen.over_load(bound)) for bound in (slope.low, slope.high))
        what = (
            f"whether it stopped is open: as many requests again would change it by {low} to {high}"
        )
    return f"{_change(seen.troughs)} and {what}; {_next_action(seen.troughs)}."


def too_few_reason(seen: TroughEvidence, least: int) -> str:
    """Memory hardly changed, after too few requests to say more."""
    requests = seen.troughs.total_requests
    return (
        f"{_change(seen.troughs)} in {requests:,} requests, which are too few to rule out a leak:"
        f" `count` = {least} is the least, and 4000 shows 1 KiB a request."
    )


def live_in_few_reason(seen: TroughEvidence) -> str:
    """Memory hardly changed, and live memory grows evenly, in few requests."""
    live, least = seen.live, FILLING_REQUESTS * seen.troughs.workers
    grows = "" if live is None else f" by {_rate(live.line.slope)}"
    return (
        f"{_change(seen.troughs)} in {seen.troughs.total_requests:,} requests; live memory grows"
        f" evenly{grows}, as a cache that fills can in so few: `count` = {least} would decide."
    )


def _what_is_small(seen: TroughEvidence) -> str:
    """A trend that is there and not called a leak: because it is small, or the load short."""
    slope = seen.trend.slope
    if slope is None or slope.low <= 0:
        return ""
    most = f"; it grows by at most {size(slope.high)} a request"
    if slope.high < seen.matters:
        return f"{most}, less than the {size(seen.matters)} of MATTERS"
    least = FILLING_REQUESTS * seen.troughs.workers
    if is_long(seen.troughs) or is_significant(seen, slope.estimate, slope.high):
        return ""
    asked = f"`count` = {least}" if seen.troughs.of_user_app else f"REQUESTS={least}"
    return f"{most}, which cannot be told from a heap that fills until {asked}"


def _next_action(troughs: Troughs) -> str:
    """The load that would decide: what the lab would add, and at least as much as was measured."""
    more = max(2, MOST_LOADS * troughs.asked_requests / troughs.total_requests)
    blocks = round(more * len(troughs.trough_bytes))
    requests = round(more * troughs.total_requests)
    if troughs.of_user_app:
        return f"`blocks` = {blocks} and `count` = {requests} would decide"
    return f"BLOCKS={blocks} REQUESTS={requests} would decide"


def _rate(slope: Interval) -> str:
    low, high = size(slope.low), size(slope.high)
    return f"{size(slope.estimate)} a request ({low} to {high})"


def _change(troughs: Troughs) -> str:
    changed = _grew(troughs)
    return changed[0].upper() + changed[1:]


def _grew(troughs: Troughs) -> str:
    growth = troughs.growth_bytes
    return f"{'grew' if growth >= 0 else 'shrank'} by {in_mib(abs(growth))}"


def _second_half(line: FittedLine) -> str:
    did = "added" if line.rise_bytes >= 0 else "gave back"
    return f"the second half of the load {did} {in_mib(abs(line.rise_bytes))}"
