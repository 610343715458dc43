"""What is to be said of the troughs: whether they climb for ever, may do so, or have stopped.

Each threshold stands here with its source; what simulation sets, `make validate` holds.
"""

from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from math import sqrt
from statistics import median

from lab.stopping import MOST_LOADS
from lab.text.phrases import MIB
from lab.verdict.model_selection import Trend, evidence_of, trend_of
from lab.verdict.trend import (
    FittedLine,
    Segment,
    Troughs,
    falls_bytes,
    fit,
    largest_rise_bytes,
    last_blocks,
    slopes_of,
    tail,
)

# Growth that the thread called constant: its async arm gained 8.6 MiB on 75 MiB, 11.5 %.
# A worker's share stays below the 15.26 MiB that a single thread keeps of the `lists` workload.
FLAT_BYTES_A_WORKER = 10 * MIB
FLAT_SHARE_OF_BASELINE = 0.12

# Bounded: the same load once more would add at most this part of what was gained.
BOUNDED_SHARE_OF_GROWTH = 0.10

# The most that the trough of one worker varies between equal moments (0.1 to 0.5 MiB);
# independent workers add up by squares.
NOISE_BYTES = 0.5 * MIB

# What a climb must add over the whole load to be one: more than the noise of a worker, and less
# than the 1 MiB that 256 B a request make in 4,000 requests.
LEAK_BYTES = 0.75 * MIB

# In a load of fewer requests a worker a climb may be a heap or arenas that fill, unless it adds
# more than such are known to. Measured: the heap of an async worker of 3.10 climbs evenly by 1 KiB
# a request up to 3,500 requests, by 7 MiB in all, and then holds still; the 20 arenas of a pool of
# 3.9 creep up to 1,750 requests by 3 MiB, 1 % of what they hold.
FILLING_REQUESTS = 4000
FILLING_BYTES_A_WORKER = 10 * MIB
FILLING_SHARE_OF_GROWTH = 0.025

# AICc by which a leak must explain the troughs better than all that ends. By simulation.
LEAST_EVIDENCE = 10.0

# AICc by which a leak, or an end, must explain the second half alone better than the other does:
# what dies away by a law of its own looks like an exponential and a small leak, but not there.
# Only from so many blocks on are they enough for the one and for the other. By simulation.
LEAST_EVIDENCE_OF_TAIL = 2.0
ENOUGH_BLOCKS_FOR_LEAK = 12
ENOUGH_BLOCKS_FOR_END = 20

# Under steps or an outlier a leak still shows in so many blocks of the tail.
MOST_BLOCKS = 0.75

# Beside a part that dies away the constant part must be at least this share of the climb: no
# growth dies away exactly as its model does, and the difference looks like a small leak.
LEAST_CONSTANT_SHARE = 0.2

# Steps: what scatters beyond the noise is no even climb unless the climb dwarfs it. A pool that is
# half full scatters by whole threads, 20 to 30 noises (measured), at a twentieth of its climb.
WIDE_SCATTER_NOISES = 3
STRAIGHT_WIDE_CLIMB = 30

# Of what the second half of the load gained the allocator must keep this part free for the climb
# to be the allocator's own. Not much more than all of it: malloc counts untouched address space of
# an arena as free, too, and then its count says nothing of memory.
FREE_SHARE_OF_CLIMB = 0.5
FREE_SHARE_IN_MEMORY = 1.5

# A saw-tooth of recycled workers: drops beyond noise and beyond this part of the climb.
FALL_NOISES = 4
FALL_SHARE = 0.25
LEAST_FALLS = 2


class LeakDoubt(Enum):
    """Why a climb is not called a leak."""

    SAW_TOOTH = "it fell in between"
    STEPS = "in steps"
    TOO_SHORT = "a heap that fills looks the same in so few requests"
    NO_WINNER = "growth that ends would explain it nearly as well"
    TOO_WIDE = "how much of it is constant is open"

    @property
    def in_steps(self) -> bool:
        """Whether size alone decides in a short load: steps have no pace to go on with."""
        return self in (LeakDoubt.SAW_TOOTH, LeakDoubt.STEPS)


UNDECIDED = (LeakDoubt.NO_WINNER, LeakDoubt.TOO_WIDE)
"""What more of the same load may settle."""


@dataclass(frozen=True)
class TroughEvidence:
    """At least eight troughs, and what is worked out of them once."""

    troughs: Troughs
    matters: float
    """Bytes a request below which a climb is none."""

    @cached_property
    def line(self) -> FittedLine:
        """Through the second half of the blocks."""
        return fit(tail(self.troughs))

    @cached_property
    def climb(self) -> Trend:
        """As the best leak explains all of them."""
        return trend_of(self.troughs)

    @cached_property
    def evidence_of_tail(self) -> float:
        """How much better a leak explains the second half of the blocks alone."""
        return evidence_of(tail(self.troughs), self.troughs.workers)

    @property
    def noise_bytes(self) -> float:
        """Of so many workers."""
        return NOISE_BYTES * sqrt(self.troughs.workers)

    def over_load(self, slope: float) -> float:
        """Bytes that a slope adds over as many requests as there were."""
        return slope * self.troughs.total_requests


def climbs(seen: TroughEvidence) -> bool:
    """Whether a leak is the best explanation, and of a size that counts."""
    slope = seen.climb.slope
    return slope is not None and counts(seen, slope.estimate, slope.high)


def counts(seen: TroughEvidence, slope: float, at_most: float) -> bool:
    """Whether a climb is more than noise, may matter, and can prove no heap that fills."""
    troughs = seen.troughs
    if at_most < seen.matters or seen.over_load(slope) < LEAK_BYTES * sqrt(troughs.workers):
        return False
    longest = MOST_LOADS * troughs.asked_requests
    return longest >= FILLING_REQUESTS * troughs.workers or is_proof(seen, slope)


def is_proof(seen: TroughEvidence, slope: float) -> bool:
    """Whether a heap that fills would be full by now, or could not climb as much."""
    troughs = seen.troughs
    a_worker = FILLING_BYTES_A_WORKER * troughs.workers
    most = max(a_worker, FILLING_SHARE_OF_GROWTH * troughs.growth_bytes)
    return is_long(troughs) or seen.over_load(slope) >= most


def is_long(troughs: Troughs) -> bool:
    """Whether every heap that was measured would be full by now."""
    return troughs.total_requests >= FILLING_REQUESTS * troughs.workers


def doubt_of(seen: TroughEvidence) -> LeakDoubt | None:
    """What speaks against a leak in a climb that counts."""
    climb, slope = seen.climb, seen.climb.slope
    if slope is None:
        raise ValueError("no climb to doubt")
    constant = seen.over_load(slope.estimate)
    checks = (
        (LeakDoubt.SAW_TOOTH, _fell(seen)),
        (LeakDoubt.STEPS, _is_wide(seen, climb.rise_bytes, climb.scatter_bytes)),
        (LeakDoubt.NO_WINNER, climb.evidence < LEAST_EVIDENCE or not _tail_climbs(seen)),
        (LeakDoubt.TOO_SHORT, not is_proof(seen, slope.estimate)),
        (LeakDoubt.TOO_WIDE, slope.low <= 0 or constant < LEAST_CONSTANT_SHARE * climb.rise_bytes),
    )
    return next((doubt for doubt, applies in checks if applies), None)


def is_free_in_allocator(seen: TroughEvidence) -> bool:
    """Whether what climbs is memory that the allocator keeps free, and the rest does not climb.

    Arenas creep so for thousands of requests (measured: Flask's own server, 12 arenas, 0.9 KiB a
    request), and serve from what they keep before they ask for more.
    """
    rest = seen.troughs.without_free
    if rest is None or is_leak(TroughEvidence(rest, seen.matters)) or held_of(seen) is not None:
        return False
    kept_gain, rest_gain = gain_bytes(tail(seen.troughs)), gain_bytes(tail(rest))
    least, most = FREE_SHARE_OF_CLIMB * kept_gain, FREE_SHARE_IN_MEMORY * kept_gain
    return kept_gain > 0 and least <= kept_gain - rest_gain <= most


def held_of(seen: TroughEvidence) -> TroughEvidence | None:
    """What the program holds, where that climbs for ever, whatever memory does meanwhile.

    A leak of small objects first fills what was free in the allocators: of 256 B a request in
    4,000 requests memory may show nothing at all (measured).
    """
    if seen.troughs.held is None:
        return None
    held = TroughEvidence(seen.troughs.held, seen.matters)
    return held if is_leak(held) else None


def may_hold_more(seen: TroughEvidence) -> bool:
    """Whether what is held climbs, more load may tell for how long, and there may be more of it."""
    if seen.troughs.held is None or is_exhausted(seen.troughs):
        return False
    held = TroughEvidence(seen.troughs.held, seen.matters)
    return climbs(held) and doubt_of(held) in UNDECIDED


def is_exhausted(troughs: Troughs) -> bool:
    """Whether the lab would go on no further; a few requests may have failed."""
    return troughs.total_requests >= 0.9 * MOST_LOADS * troughs.asked_requests


def is_leak(seen: TroughEvidence) -> bool:
    """Whether it climbs, and nothing speaks against it."""
    return climbs(seen) and doubt_of(seen) is None


def gain_bytes(stretch: Segment) -> int:
    """Its last trough less its first."""
    return stretch.trough_bytes[-1] - stretch.trough_bytes[0]


def is_open(seen: TroughEvidence, doubt: LeakDoubt | None) -> bool:
    """Whether a climb that is not called a leak may yet be one."""
    returns = keeps_below_its_ceiling(seen)
    if doubt is not None and not (doubt.in_steps and (returns or not is_long(seen.troughs))):
        return True
    return not returns and may_leak(seen)


def may_leak(seen: TroughEvidence) -> bool:
    """Whether the tail climbs, and no end explains it better."""
    troughs, line = seen.troughs, seen.line
    if _tail_ends(seen):
        return False
    steady = line.slope.low > 0 and not _is_wide(seen, line.rise_bytes, line.scatter_bytes)
    if steady and counts(seen, line.slope.estimate, line.slope.high):
        return True
    return is_long(troughs) and _climbs_in_most_blocks(seen)


def _tail_climbs(seen: TroughEvidence) -> bool:
    few = len(seen.troughs.trough_bytes) < ENOUGH_BLOCKS_FOR_LEAK
    return few or seen.evidence_of_tail > LEAST_EVIDENCE_OF_TAIL


def _tail_ends(seen: TroughEvidence) -> bool:
    enough = len(seen.troughs.trough_bytes) >= ENOUGH_BLOCKS_FOR_END
    return enough and seen.evidence_of_tail < -LEAST_EVIDENCE_OF_TAIL


def has_stopped(seen: TroughEvidence) -> bool:
    """Whether the same load once more would add practically nothing.

    Either the slope's interval says so, or the tail, which is no steady climb, gained little and
    half as much load again would add as little at the pace of its last blocks: a pool whose last
    idle threads are found late (3.7 starts all of them at once) ends in single steps.
    """
    troughs, line = seen.troughs, seen.line
    little = max(flat_bytes(troughs), BOUNDED_SHARE_OF_GROWTH * troughs.growth_bytes)
    if seen.over_load(line.slope.high) < little or keeps_below_its_ceiling(seen):
        return True
    end = last_blocks(troughs, len(troughs.trough_bytes) // 4)
    pace = largest_rise_bytes(end) / (end.requests[-1] - end.requests[0])
    return line.rise_bytes < little and seen.over_load(pace) / 2 < little


def flat_bytes(troughs: Troughs) -> float:
    """Growth below this is practically none."""
    a_worker = FLAT_BYTES_A_WORKER * troughs.workers
    return max(a_worker, FLAT_SHARE_OF_BASELINE * troughs.baseline_bytes)


def grown_bytes(seen: TroughEvidence) -> int:
    """Settled less baseline; of what rises and falls the highest, as it may end anywhere."""
    troughs = seen.troughs
    if keeps_below_its_ceiling(seen):
        return max(troughs.trough_bytes) - troughs.baseline_bytes
    return troughs.growth_bytes


def keeps_below_its_ceiling(seen: TroughEvidence) -> bool:
    """Whether it rises and falls, again and again, and no higher than before."""
    heights = seen.troughs.trough_bytes
    half = len(heights) // 2
    first, second = max(heights[:half]), max(heights[half:])
    height = max(first, second) - min(heights)
    least = max(FALL_NOISES * seen.noise_bytes, FALL_SHARE * height)
    often = sum(fall > least for fall in falls_bytes(seen.troughs)) >= LEAST_FALLS
    return often and second - first < BOUNDED_SHARE_OF_GROWTH * height


def _fell(seen: TroughEvidence) -> bool:
    """In the last two thirds: what was given back at the start is no saw-tooth."""
    falls = falls_bytes(seen.troughs)
    least = max(FALL_NOISES * seen.noise_bytes, FALL_SHARE * seen.climb.rise_bytes)
    return max(falls[len(falls) // 3 :]) > least


def _climbs_in_most_blocks(seen: TroughEvidence) -> bool:
    """Whether most blocks of the tail add their share, whatever the others do."""
    slopes = slopes_of(tail(seen.troughs))
    climbing = sum(slope > 0 for slope in slopes)
    return climbing >= MOST_BLOCKS * len(slopes) and counts(seen, median(slopes), median(slopes))


def _is_wide(seen: TroughEvidence, rise_bytes: float, scatter_bytes: float) -> bool:
    wide = scatter_bytes > WIDE_SCATTER_NOISES * seen.noise_bytes
    return wide and rise_bytes < STRAIGHT_WIDE_CLIMB * scatter_bytes
