"""Flat, bounded, leak or inconclusive, from the troughs of one trial alone."""

from dataclasses import dataclass
from enum import Enum
from math import sqrt

from lab.growth import (
    Line,
    Troughs,
    fit,
    largest_fall_bytes,
    largest_rise_bytes,
    last_blocks,
    part_slopes,
    tail,
    troughs_of,
)
from lab.model import Trial
from lab.summary import Interval, Verdict
from lab.units import MIB, format_mib, format_rate
from lab.validity import Caveat, Conditions, caveats, conditions_of

# Growth that the thread called constant: its async arm gained 8.6 MiB on 75 MiB, 11.5 %.
# A worker's share stays below the 15.26 MiB that a single thread keeps of the `lists` workload.
FLAT_BYTES_A_WORKER = 10 * MIB
FLAT_SHARE_OF_BASELINE = 0.12

# Bounded: the same load once more would add at most this part of what was gained.
BOUNDED_SHARE_OF_GROWTH = 0.10

# The most that the trough of one worker varies between equal moments (0.1 to 0.5 MiB);
# independent workers add up by squares.
NOISE_BYTES = 0.5 * MIB

# What a leak must add over the whole load: more than the noise, and less than the 1 MiB that
# 256 B a request make in 4,000 requests.
LEAK_BYTES = 0.75 * MIB

# Under a pool that was filled a leak must add at least this part of the growth, too. Measured: the
# 20 arenas of 3.9 creep by 2 to 5 KiB a request, 1.3 % of their 312 MiB over the load.
LEAK_SHARE_OF_GROWTH = 0.025

# A climb whose whole growth counts as none is called a leak only after as many requests a worker.
# Measured: the heap of an async worker of 3.7 climbs evenly by 2 KiB a request for a thousand
# requests, ends 7 MiB above its baseline after four thousand, and stays there for twelve more.
SMALL_GROWTH_REQUESTS = 4000

# The rules below are set by simulation (tests/unit/test_verdict.py): at most one false leak in
# 200 trials of each shape that is none, at most one missed in 20 that rise by 40 times the noise.

# Noise that is correlated between blocks climbs through five points by up to this many noises:
# a smaller climb must show in three quarters of the load, on a straighter line. Straightness
# is the rise over the scatter around the line; evenly spread steps, one a block, have about 9.
SMALL_CLIMB_NOISES = 8
STRAIGHT_SMALL_CLIMB = 14
STRAIGHT_CLIMB = 9

# Blocks of one size leak the same: what scatters far beyond the noise is no even leak unless the
# climb dwarfs it. A pool that is half full scatters by whole threads (measured: 30 times).
WIDE_SCATTER_NOISES = 6
STRAIGHT_WIDE_CLIMB = 45

# A part of the tail lags when it gains less than this share of the mean. A leak takes its
# share in every part; a filling pool takes a step here and nothing there.
LAGGING_SHARE = 0.25
MOST_LAGGING_PARTS = 1
PARTS_OF_TAIL = 4
PART_NOISES = 4

# A climb dies away when the last quarter of the load gains less than this share of the quarter
# before it, beyond noise; exponential filling with a time constant of half the load has 0.61.
DYING_SHARE = 0.75
DYING_NOISES = 3

# A saw-tooth of recycled workers: a drop beyond noise and beyond half of the tail's climb.
FALL_NOISES = 4
FALL_SHARE_OF_CLIMB = 0.5


class Doubt(Enum):
    """Why a climb is not called a leak."""

    NOT_STRAIGHT = "unsteadily"
    STEPS = "in steps"
    DYING = "ever more slowly"
    SAW_TOOTH = "after it fell in between"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict of one trial, with its reason in one sentence."""

    verdict: Verdict
    reason: str
    interval: Interval | None
    """Bytes gained a request in the second half of the load; None without troughs to fit."""
    growth_bytes: int | None
    """Settled less baseline."""
    caveats: tuple[Caveat, ...] = ()


def judge_trial(trial: Trial) -> Judgement:
    """The verdict of a recorded trial."""
    return judge(troughs_of(trial), conditions_of(trial))


def judge(troughs: Troughs | None, conditions: Conditions) -> Judgement:
    """The verdict of the troughs, as far as the conditions allow one."""
    found = caveats(conditions)
    forbidding = next((caveat for caveat in found if caveat.forbids), None)
    if forbidding is not None:
        verdict, reason = Verdict.INCONCLUSIVE, forbidding.sentence
    elif troughs is None:
        raise ValueError("no troughs, and no caveat that says so")
    else:
        verdict, reason = judge_troughs(troughs)
    interval, growth = measured(troughs)
    return Judgement(verdict, reason, interval, growth, found)


def measured(troughs: Troughs | None) -> tuple[Interval | None, int | None]:
    """Slope of the tail and growth, as far as the troughs reach."""
    if troughs is None:
        return None, None
    points = tail(troughs)
    interval = fit(points).slope if len(points.requests) > 2 else None
    return interval, troughs.growth_bytes


def judge_troughs(troughs: Troughs) -> tuple[Verdict, str]:
    """Verdict and reason of at least eight troughs."""
    line = fit(tail(troughs))
    least = max(LEAK_BYTES, LEAK_SHARE_OF_GROWTH * troughs.growth_bytes)
    climbs = line.slope.low > 0 and _over_load(line.slope.estimate, troughs) >= least
    doubt = doubt_of(troughs, line) if climbs else None
    leaks = climbs and doubt is None
    if leaks and not may_still_fill(troughs):
        return Verdict.LEAK, _leak_reason(troughs, line)
    if not has_stopped(troughs, line):
        return Verdict.INCONCLUSIVE, _inconclusive_reason(troughs, line, doubt)
    if troughs.growth_bytes < flat_bytes(troughs):
        return Verdict.FLAT, _flat_reason(troughs, line, evenly=leaks)
    return Verdict.BOUNDED, _bounded_reason(troughs, line)


def may_still_fill(troughs: Troughs) -> bool:
    """Whether the growth is so small, and the load so short, that a heap may be filling."""
    short = troughs.total_requests < SMALL_GROWTH_REQUESTS * troughs.workers
    return short and troughs.growth_bytes < flat_bytes(troughs)


def flat_bytes(troughs: Troughs) -> float:
    """Growth below this is practically none."""
    a_worker = FLAT_BYTES_A_WORKER * troughs.workers
    return max(a_worker, FLAT_SHARE_OF_BASELINE * troughs.baseline_bytes)


def doubt_of(troughs: Troughs, line: Line) -> Doubt | None:
    """What speaks against a leak in a tail that climbs."""
    checks = (
        (Doubt.SAW_TOOTH, _fell(troughs, line)),
        (Doubt.STEPS, _climbs_in_steps(troughs, line)),
        (Doubt.DYING, _dies_away(troughs)),
        (Doubt.NOT_STRAIGHT, not _is_straight(troughs, line)),
    )
    return next((doubt for doubt, applies in checks if applies), None)


def has_stopped(troughs: Troughs, line: Line) -> bool:
    """Whether the same load once more would add practically nothing.

    Either the slope's interval says so, or the tail, which is no steady climb, gained little and
    half as much load again would add as little at the pace of its last blocks: a pool whose last
    idle threads are found late (3.7 starts all of them at once) ends in single steps.
    """
    little = max(flat_bytes(troughs), BOUNDED_SHARE_OF_GROWTH * troughs.growth_bytes)
    if _over_load(line.slope.high, troughs) < little:
        return True
    end = last_blocks(troughs, len(troughs.trough_bytes) // 4)
    rise = largest_rise_bytes(end) / (end.requests[-1] - end.requests[0])
    return line.rise_bytes < little and _over_load(rise, troughs) / 2 < little


def _fell(troughs: Troughs, line: Line) -> bool:
    least = max(FALL_NOISES * _noise_bytes(troughs), FALL_SHARE_OF_CLIMB * line.rise_bytes)
    return largest_fall_bytes(troughs) > least


def _climbs_in_steps(troughs: Troughs, line: Line) -> bool:
    points = tail(troughs)
    least = LAGGING_SHARE * line.slope.estimate
    lagging = [slope < least for slope in part_slopes(points, _parts(troughs, line))]
    last_lags = lagging[-1] and not _is_small(troughs, line)
    return sum(lagging) > MOST_LAGGING_PARTS or last_lags


def _parts(troughs: Troughs, line: Line) -> int:
    """Each block for itself where what a block gains stands clear of the noise."""
    blocks = len(troughs.trough_bytes) // 2
    clear = line.rise_bytes >= blocks * PART_NOISES * _noise_bytes(troughs)
    return blocks if clear else PARTS_OF_TAIL


def _dies_away(troughs: Troughs) -> bool:
    points = tail(troughs)
    before, last = part_slopes(points, 2)
    noise = DYING_NOISES * _noise_bytes(troughs)
    half = (points.requests[-1] - points.requests[0]) / 2
    return last * half < DYING_SHARE * before * half - noise


def _is_straight(troughs: Troughs, line: Line) -> bool:
    if not _is_small(troughs, line):
        wide = line.scatter_bytes > WIDE_SCATTER_NOISES * _noise_bytes(troughs)
        times = STRAIGHT_WIDE_CLIMB if wide else STRAIGHT_CLIMB
        return line.rise_bytes >= times * line.scatter_bytes
    longer = fit(last_blocks(troughs, 3 * len(troughs.trough_bytes) // 4))
    return longer.rise_bytes >= STRAIGHT_SMALL_CLIMB * longer.scatter_bytes


def _is_small(troughs: Troughs, line: Line) -> bool:
    return line.rise_bytes < SMALL_CLIMB_NOISES * _noise_bytes(troughs)


def _noise_bytes(troughs: Troughs) -> float:
    return NOISE_BYTES * sqrt(troughs.workers)


def _over_load(slope: float, troughs: Troughs) -> float:
    """Bytes that a slope adds over as many requests as the trial had."""
    return slope * troughs.total_requests


def _leak_reason(troughs: Troughs, line: Line) -> str:
    slope, more = line.slope, _over_load(line.slope.estimate, troughs)
    return (
        f"grew by {format_mib(troughs.growth_bytes)} and still climbs evenly by"
        f" {format_rate(slope.estimate)} a request ({format_rate(slope.low)} to"
        f" {format_rate(slope.high)}), {format_mib(more)} in {troughs.total_requests:,} requests"
    )


def _flat_reason(troughs: Troughs, line: Line, *, evenly: bool) -> str:
    least = SMALL_GROWTH_REQUESTS * troughs.workers
    more = f", evenly; a heap that fills looks the same until REQUESTS={least}" if evenly else ""
    return (
        f"{_change(troughs)} in {troughs.total_requests:,} requests, less than the"
        f" {format_mib(flat_bytes(troughs))} that count as growth; {_second_half(line)}{more}"
    )


def _bounded_reason(troughs: Troughs, line: Line) -> str:
    return (
        f"{_change(troughs)} and stopped at {format_mib(troughs.settled_bytes)}:"
        f" {_second_half(line)}"
    )


def _inconclusive_reason(troughs: Troughs, line: Line, doubt: Doubt | None) -> str:
    if doubt is not None:
        seen = f"still climbs, but {doubt.value}: {_second_half(line)}"
    else:
        slope = line.slope
        low, high = (_over_load(bound, troughs) for bound in (slope.low, slope.high))
        seen = (
            f"whether it stopped is open: as many requests again would change it by"
            f" {format_mib(low)} to {format_mib(high)}"
        )
    return f"{_change(troughs)} and {seen}; {_next_action(troughs)}"


def _next_action(troughs: Troughs) -> str:
    blocks, requests = 2 * len(troughs.trough_bytes), 2 * troughs.total_requests
    return f"BLOCKS={blocks} REQUESTS={requests} would decide"


def _change(troughs: Troughs) -> str:
    growth = troughs.growth_bytes
    return f"{'grew' if growth >= 0 else 'shrank'} by {format_mib(abs(growth))}"


def _second_half(line: Line) -> str:
    did = "added" if line.rise_bytes >= 0 else "gave back"
    return f"the second half of the load {did} {format_mib(abs(line.rise_bytes))}"
