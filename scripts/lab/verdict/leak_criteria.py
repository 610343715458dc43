"""Whether troughs grow without end, and what speaks against calling that a leak.

Each threshold stands here with its source; what simulation sets, `make validate` holds.
"""

from enum import Enum
from math import sqrt

from lab.stopping import MOST_LOADS
from lab.units import MIB
from lab.verdict.evidence import TroughEvidence, gain_bytes
from lab.verdict.trend import Segment, Troughs, falls_bytes, last_blocks, tail

# What a trend must add over the whole load: more than the noise of a worker, and less than the
# 1 MiB that 256 B a request make in 4,000 requests.
LEAK_BYTES = 0.75 * MIB

# In a load of fewer requests a worker a trend may be a heap or arenas that fill, unless it adds
# more than such are known to. Measured: the heap of an async worker of 3.10 grows evenly by 1 KiB
# a request up to 3,500 requests, by 7 MiB in all, and then is stable; the 20 arenas of a pool of
# 3.9 grow up to 1,750 requests by 3 MiB, 1 % of what they hold.
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

# In a model with a dying part the constant part must be at least this share of the rise: no
# growth dies away exactly as its model does, and the difference looks like a small leak.
LEAST_CONSTANT_SHARE = 0.2

# Steps: what scatters beyond the noise is not even growth unless the rise dwarfs it. A pool that is
# half full scatters by whole threads, 20 to 30 noises (measured), at a twentieth of its rise.
WIDE_SCATTER_NOISES = 3
STRAIGHT_WIDE_RISE = 30

# A trial is at the end of what the lab adds though a few of its requests failed.
EXHAUSTED_SHARE = 0.9


# Memory shows what live bytes gained where it gained half of it, and more than noise.
SHOWN_SHARE = 0.5
SHOWN_NOISES = 2


# An even pace: the last part of the load gained at least this share of what the part before it did.
# What fills ever slower gains less. By simulation: 5 to 20 % tell the same curves apart.
LEAST_EVEN_SHARE = 0.95

# In few requests live bytes tell more than memory can: a gain of so many of their noises is one.
LIVE_NOISES = 4


class LeakDoubt(Enum):
    """Why a trend is not called a leak."""

    SAW_TOOTH = "memory fell in between"
    STEPS = "in steps"
    TOO_SHORT = "a heap that is still filling can grow as much in so few requests"
    NO_WINNER = "growth that ends explains it nearly as well"
    TOO_WIDE = "the size of its constant part is uncertain"

    @property
    def in_steps(self) -> bool:
        """Whether size alone decides in a short load: steps have no pace to extend."""
        return self in (LeakDoubt.SAW_TOOTH, LeakDoubt.STEPS)


UNDECIDED = (LeakDoubt.NO_WINNER, LeakDoubt.TOO_WIDE)
"""Doubts that more of the same load may settle."""


def is_leak(seen: TroughEvidence) -> bool:
    """Whether there is a trend, and nothing speaks against it."""
    return has_trend(seen) and doubt_of(seen) is None


def has_trend(seen: TroughEvidence) -> bool:
    """Whether a leak is the best explanation, and of a size that counts."""
    slope = seen.trend.slope
    return slope is not None and is_significant(seen, slope.estimate, slope.high)


def is_significant(seen: TroughEvidence, slope: float, at_most: float) -> bool:
    """Whether a slope is more than noise, may matter, and can be told from a heap that fills."""
    troughs = seen.troughs
    if at_most < seen.matters or seen.over_load(slope) < LEAK_BYTES * sqrt(troughs.workers):
        return False
    longest = MOST_LOADS * troughs.planned_requests
    return longest >= FILLING_REQUESTS * troughs.workers or is_no_filling_heap(seen, slope)


def is_no_filling_heap(seen: TroughEvidence, slope: float) -> bool:
    """Whether a heap that fills would be full by now, or could not grow as much."""
    troughs = seen.troughs
    a_worker = FILLING_BYTES_A_WORKER * troughs.workers
    most = max(a_worker, FILLING_SHARE_OF_GROWTH * troughs.growth_bytes)
    return is_long(troughs) or seen.over_load(slope) >= most


def is_long(troughs: Troughs) -> bool:
    """Whether every heap that was measured would be full by now."""
    return troughs.total_requests >= FILLING_REQUESTS * troughs.workers


def is_exhausted(troughs: Troughs) -> bool:
    """Whether the lab would extend the load no further."""
    return troughs.total_requests >= EXHAUSTED_SHARE * MOST_LOADS * troughs.planned_requests


def doubt_of(seen: TroughEvidence) -> LeakDoubt | None:
    """The doubt about a leak where there is a trend; None without doubt."""
    trend, slope = seen.trend, seen.trend.slope
    if slope is None:
        raise ValueError("no trend to doubt")
    constant = seen.over_load(slope.estimate)
    checks = (
        (LeakDoubt.SAW_TOOTH, _fell(seen)),
        (LeakDoubt.STEPS, is_wide(seen, trend.rise_bytes, trend.scatter_bytes)),
        (LeakDoubt.NO_WINNER, trend.evidence < LEAST_EVIDENCE or not _tail_has_trend(seen)),
        (LeakDoubt.TOO_SHORT, not is_no_filling_heap(seen, slope.estimate)),
        (LeakDoubt.TOO_WIDE, slope.low <= 0 or constant < LEAST_CONSTANT_SHARE * trend.rise_bytes),
    )
    return next((doubt for doubt, applies in checks if applies), None)


def leaking_live(seen: TroughEvidence) -> TroughEvidence | None:
    """The evidence of live bytes where they leak, whatever memory does meanwhile; else None.

    A leak of small objects first fills what was free in the allocators: of 256 B a request in
    4,000 requests memory may show nothing at all (measured).
    """
    live = seen.live
    return live if live is not None and is_leak(live) else None


def shows_live(seen: TroughEvidence) -> bool:
    """Whether memory shows most of what live bytes gained in the second half, beyond its noise.

    Nothing hides a leak then: live bytes that do not grow evenly must be one in memory, too. A
    cache that fills ever slower fits no law exactly, and in a count to the byte the difference
    looks like a small leak (simulated).
    """
    live = seen.live
    if live is None:
        return False
    gained, of_live = gain_bytes(tail(seen.troughs)), gain_bytes(tail(live.troughs))
    return gained >= max(SHOWN_SHARE * of_live, SHOWN_NOISES * seen.noise_bytes)


def grows_evenly(seen: TroughEvidence) -> bool:
    """Whether the pace has not slowed down since the first quarter, which fills what was free."""
    before, after = late_halves(seen.troughs)
    return pace_of(after) >= LEAST_EVEN_SHARE * pace_of(before)


def late_halves(troughs: Troughs) -> tuple[Segment, Segment]:
    """The two halves of the troughs after the first quarter."""
    late = last_blocks(troughs, len(troughs.trough_bytes) - len(troughs.trough_bytes) // 4)
    middle = len(late.requests) // 2
    return (
        Segment(late.trough_bytes[: middle + 1], late.requests[: middle + 1]),
        Segment(late.trough_bytes[middle:], late.requests[middle:]),
    )


def pace_of(stretch: Segment) -> float:
    """Bytes a request from its first trough to its last."""
    return gain_bytes(stretch) / (stretch.requests[-1] - stretch.requests[0])


def may_live_grow(seen: TroughEvidence) -> bool:
    """Whether live bytes grow, more load may tell for how long, and the lab would add some."""
    live = seen.live
    if live is None or is_exhausted(seen.troughs) or shows_live(seen):
        return False
    return has_trend(live) and doubt_of(live) in UNDECIDED


def leaves_live(seen: TroughEvidence) -> bool:
    """Whether live memory of a user app may grow by what matters and does not slow down, in too few
    requests to tell a leak from a cache that fills.
    """
    live, troughs = seen.live, seen.troughs
    if live is None or not troughs.of_user_app or is_long(troughs):
        return False
    line, least = live.line, LIVE_NOISES * live.exact_noise_bytes
    grows = line.slope.low > 0 and line.rise_bytes >= least
    return grows and line.slope.high >= seen.matters and not slows_down(live)


def slows_down(live: TroughEvidence) -> bool:
    """Whether the pace of live bytes has fallen since the first quarter, beyond their noise."""
    before, after = late_halves(live.troughs)
    requests = after.requests[-1] - after.requests[0]
    noise = LIVE_NOISES * live.exact_noise_bytes / requests
    return pace_of(after) + noise < LEAST_EVEN_SHARE * pace_of(before)


def tail_ends(seen: TroughEvidence) -> bool:
    """Whether growth that ends explains the second half of the blocks better."""
    enough = len(seen.troughs.trough_bytes) >= ENOUGH_BLOCKS_FOR_END
    return enough and seen.evidence_of_tail < -LEAST_EVIDENCE_OF_TAIL


def is_wide(seen: TroughEvidence, rise_bytes: float, scatter_bytes: float) -> bool:
    """Whether troughs scatter too much around a line to grow evenly."""
    wide = scatter_bytes > WIDE_SCATTER_NOISES * seen.noise_bytes
    return wide and rise_bytes < STRAIGHT_WIDE_RISE * scatter_bytes


def _tail_has_trend(seen: TroughEvidence) -> bool:
    few = len(seen.troughs.trough_bytes) < ENOUGH_BLOCKS_FOR_LEAK
    return few or seen.evidence_of_tail > LEAST_EVIDENCE_OF_TAIL


def _fell(seen: TroughEvidence) -> bool:
    """Whether memory fell in the last two thirds; a fall at the start is not a saw-tooth."""
    falls = falls_bytes(seen.troughs)
    return max(falls[len(falls) // 3 :]) > seen.least_fall_bytes(seen.trend.rise_bytes)
