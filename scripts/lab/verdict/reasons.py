"""The reason of a verdict: what memory did, in numbers, and what to do where it is open.

Each function returns the text of one reason: a sentence or two, with a full stop.
"""

from lab.records.judgement import Interval, Verdict
from lab.stopping import MOST_LOADS
from lab.text.phrases import capital, in_mib, size, span
from lab.verdict.end_criteria import flat_bytes_of, is_bounded_saw_tooth
from lab.verdict.evidence import TroughEvidence
from lab.verdict.harmless_growth import HarmlessGrowth, turns_over
from lab.verdict.leak_criteria import FILLING_REQUESTS, LeakDoubt, is_long, is_significant
from lab.verdict.limit import LimitMet
from lab.verdict.sequential import Ending
from lab.verdict.trend import FittedLine, Troughs
from lab.verdict.worker_lives import LivesTrend


def leak_reason(seen: TroughEvidence, slope: Interval, live: TroughEvidence | None = None) -> str:
    """The sentence that memory grows evenly, by how much, and how live memory grows if known."""
    troughs = seen.troughs
    of_it = live.trend.slope if live is not None else None
    return (
        f"{_change(troughs)} and still grows evenly by {_rate(slope)},"
        f" {in_mib(seen.over_load(slope.estimate))} in {troughs.total_requests:,} requests."
        f"{'' if of_it is None else _live_part(slope, of_it)}"
    )


def _live_part(slope: Interval, of_it: Interval) -> str:
    """How live memory grows, which counts more than memory where the app does not write to it."""
    unwritten = of_it.low > slope.high
    why = "; memory shows only the part that the app wrote to" if unwritten else ""
    return f" Live memory grows by {_rate(of_it)}{why}."


def lives_reason(lives: LivesTrend, met: LimitMet) -> str:
    """The sentence that each worker's memory grows alike until the limit is met, and how much."""
    return (
        f"{met.sentence} The memory of each of the {lives.lives} workers that were seen grows"
        f" alike, by {_rate(lives.slope)} of all workers together."
    )


def fragments_reason(seen: TroughEvidence, slope: Interval) -> str:
    """The sentence that free memory grows to the end of the longest load, never reused."""
    return (
        f"{_change(seen.troughs)} and still grows evenly by {_rate(slope)} at the end of the"
        f" longest load ({seen.troughs.total_requests:,} requests), though live memory does not"
        " grow. The allocator does not reuse what is free in it (fragmentation)."
    )


def ending_reason(troughs: Troughs, ending: Ending) -> str:
    """The sentence that growth had ended before the planned load, and what it is at most."""
    sent = f"{troughs.total_requests:,} of {troughs.planned_requests:,} requests"
    if ending.verdict is Verdict.FLAT:
        how = f"{_change(troughs)} in {sent}, which show that growth has ended"
    else:
        settled = in_mib(troughs.settled_bytes)
        how = f"{_change(troughs)} and stopped at {settled}, as {sent} show"
    high, memory = size(ending.high), size(ending.memory_high)
    if not ending.is_exact:
        return f"{how}: it grows by at most {high} a request."
    return (
        f"{how}. Live memory, which is counted exactly, grows by at most {high} a request, and"
        f" memory by at most {memory}."
    )


def early_reason(troughs: Troughs) -> str:
    """The sentence that the load ended too early to show whether growth has ended."""
    return (
        f"{_change(troughs)} in {troughs.total_requests:,} of {troughs.planned_requests:,} "
        "requests, which do not show whether growth has ended; RULE=fixed sends all of them."
    )


def live_leak_reason(seen: TroughEvidence, live: TroughEvidence, slope: Interval) -> str:
    """The sentence that live memory grows, by how much, and how far processes' memory shows it."""
    over_load = in_mib(live.over_load(slope.estimate))
    hidden = seen.troughs.growth_bytes < live.troughs.growth_bytes
    why = (
        "as live objects first take what was free in the allocator"
        if hidden
        else "and the rest of that is not live, or does not grow evenly"
    )
    return (
        f"Live memory grows evenly by {_rate(slope)}, {over_load} in"
        f" {live.troughs.total_requests:,} requests. {_change(seen.troughs)} so far, {why}."
    )


def live_open_reason(seen: TroughEvidence) -> str:
    """The sentence that live memory grows, which is open, and what would decide."""
    return (
        f"{_change(seen.troughs)}. Live memory grows, and whether that ends is open:"
        f" {_next_action(seen.troughs)}."
    )


def harmless_reason(seen: TroughEvidence, kind: HarmlessGrowth, slope: Interval) -> str:
    """The sentence that memory still grows, and why this is not a leak."""
    ceiling = seen.troughs.ceiling
    if kind is HarmlessGrowth.FILLING and ceiling is not None:
        filled = ceiling.filled_threads(seen.troughs.growth_bytes)
        return (
            f"{_change(seen.troughs)}, which is free in the allocator. A pool of threads is still"
            f" filling: {filled:,} of {ceiling.threads:,} threads, with a predicted ceiling of"
            f" {in_mib(ceiling.growth_bytes)}."
        )
    garbage = seen.troughs.garbage_bytes
    if kind is HarmlessGrowth.GARBAGE and garbage is not None:
        return (
            f"{_change(seen.troughs)}. It is garbage that waits for the collector: collecting at"
            f" the end freed {in_mib(garbage)}."
        )
    grows = f"{_change(seen.troughs)}. What still grows, {size(slope.estimate)} a request,"
    shared = seen.troughs.shared_bytes
    if kind is HarmlessGrowth.COPIED and shared is not None:
        return (
            f"{grows} are pages copied after the fork, as the sum of RSS and live memory are level."
            f" Such growth ends at {in_mib(shared[0])} above the baseline, which is what the"
            " processes shared then."
        )
    if seen.live is not None and turns_over(seen.live):
        low, high = (in_mib(end(seen.live.troughs.trough_bytes)) for end in (min, max))
        return (
            f"{_change(seen.troughs)}. Live memory rises and falls between {low} and {high}, no"
            " higher than before, and the rest of what grew is free in the allocator."
        )
    stopped = ", and live memory has stopped growing" if seen.live is not None else ""
    return f"{grows} is free in the allocator{stopped}."


def flat_but_for_free_reason(seen: TroughEvidence) -> str:
    """The sentence that memory hardly grew, all of it free, and the most that live memory grows."""
    live, slope = seen.live, seen.line.slope
    most = size(max(0.0, live.line.slope.high)) if live is not None else "nothing"
    return (
        f"{_small_change(seen)}. What still grows, {size(slope.estimate)} a request, is free in the"
        f" allocator; live memory grows by at most {most} a request."
    )


def flat_reason(seen: TroughEvidence) -> str:
    """The sentence that memory hardly grew, and by how much it may still grow."""
    most = size(max(0.0, upper_bound(seen)))
    small = _what_is_small(seen) or f"; memory grows by at most {most} a request"
    return f"{_small_change(seen)}. {capital(_second_half(seen.line))}{small}.{_live_bound(seen)}"


def _live_bound(seen: TroughEvidence) -> str:
    """A sentence on the exact count of a user app where it bounds the growth closer; or ""."""
    if seen.live is None or not seen.troughs.of_user_app:
        return ""
    most = max(0.0, seen.live.line.slope.high)
    if most >= upper_bound(seen):
        return ""
    return f" Live memory, which is counted exactly, grows by at most {size(most)} a request."


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
    """The sentence that memory grew and stopped, and at which size."""
    troughs = seen.troughs
    if is_bounded_saw_tooth(seen):
        low, high = in_mib(min(troughs.trough_bytes)), in_mib(max(troughs.trough_bytes))
        return f"Memory rises and falls between {low} and {high}, and its peaks do not rise."
    return (
        f"{_change(troughs)} and stopped at {in_mib(troughs.settled_bytes)}:"
        f" {_second_half(seen.line)}{_what_is_small(seen)}."
    )


def open_reason(seen: TroughEvidence, doubt: LeakDoubt | None) -> str:
    """What is open, and the load that would decide."""
    slope = seen.line.slope
    if doubt is not None:
        what = f" and still grows, but {doubt.value}: {_second_half(seen.line)}"
    else:
        low, high = (in_mib(seen.over_load(bound)) for bound in (slope.low, slope.high))
        what = (
            ". Whether it stopped is open: as many requests again would change it by"
            f" {low} to {high}"
        )
    return f"{_change(seen.troughs)}{what}; {_next_action(seen.troughs)}."


def too_few_reason(seen: TroughEvidence, least: int) -> str:
    """The sentence that memory hardly changed in too few requests, and how many show a leak."""
    requests = seen.troughs.total_requests
    return (
        f"{_change(seen.troughs)} in {requests:,} requests, which are too few to rule out a leak:"
        f" {_at_least(seen.troughs, least)}, and 4000 shows 1 KiB a request."
    )


def live_in_few_reason(seen: TroughEvidence) -> str:
    """The sentence that live memory grows in few requests, and how many tell whether that ends."""
    live, least = seen.live, FILLING_REQUESTS * seen.troughs.workers
    grows = "" if live is None else f" by {_rate(live.line.slope)}"
    return (
        f"{_change(seen.troughs)} in {seen.troughs.total_requests:,} requests. Live memory still"
        f" grows{grows}. A cache that fills can do so in so few requests, too:"
        f" {_setting(seen.troughs, least)} would tell them apart."
    )


def _what_is_small(seen: TroughEvidence) -> str:
    """A clause on a trend that is not called a leak: it is small, or a leak is not ruled out."""
    slope = seen.trend.slope
    if slope is None or slope.low <= 0:
        return ""
    most = f"{size(slope.high)} a request"
    if slope.high < seen.matters:
        return f"; memory grows by at most {most}, less than the {size(seen.matters)} of MATTERS"
    if is_long(seen.troughs) or is_significant(seen, slope.estimate, slope.high):
        return ""
    setting = _setting(seen.troughs, FILLING_REQUESTS * seen.troughs.workers)
    return f"; so few requests cannot rule out a leak of up to {most}: {setting} would"


def _setting(troughs: Troughs, requests: int) -> str:
    """The setting of a load of so many requests; with BUDGET in the way no count makes one."""
    if troughs.of_budget:
        return f"a BUDGET that allows {requests:,} requests"
    return f"`count` = {requests}" if troughs.of_user_app else f"REQUESTS={requests}"


def _at_least(troughs: Troughs, requests: int) -> str:
    """A clause on the least load that decides."""
    if troughs.of_budget:
        return f"BUDGET must allow at least {requests}"
    return f"`count` must be at least {requests}"


def _next_action(troughs: Troughs) -> str:
    """A clause on the load that would decide: at least twice what was measured."""
    more = max(2, MOST_LOADS * troughs.planned_requests / troughs.total_requests)
    blocks = round(more * len(troughs.trough_bytes))
    requests = round(more * troughs.total_requests)
    if troughs.of_budget:
        return f"{_setting(troughs, requests)} would decide"
    if troughs.of_user_app:
        return f"`blocks` = {blocks} and `count` = {requests} would decide"
    return f"BLOCKS={blocks} REQUESTS={requests} would decide"


def _rate(slope: Interval) -> str:
    estimate, interval = size(slope.estimate), span((size(slope.low), size(slope.high)))
    return f"{estimate} a request" + (f" ({interval})" if interval != estimate else "")


def _change(troughs: Troughs) -> str:
    growth = troughs.growth_bytes
    return f"Memory {'grew' if growth >= 0 else 'shrank'} by {in_mib(abs(growth))}"


def _second_half(line: FittedLine) -> str:
    did = "added" if line.rise_bytes >= 0 else "gave back"
    return f"the second half of the load {did} {in_mib(abs(line.rise_bytes))}"
