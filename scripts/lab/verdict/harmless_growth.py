"""Growth that is not a leak though it goes on: free in the allocator, a pool that fills, copies."""

from enum import Enum

from lab.records.readings import copied_bytes
from lab.verdict.end_criteria import (
    BOUNDED_SHARE_OF_GROWTH,
    LEAST_FALLS,
    flat_bytes_of,
    grown_bytes,
    is_too_short,
    swings_level,
)
from lab.verdict.evidence import FALL_NOISES, TroughEvidence, gain_bytes
from lab.verdict.leak_criteria import (
    FILLING_SHARE_OF_GROWTH,
    LEAK_BYTES,
    has_trend,
    is_exhausted,
    is_leak,
    leaking_live,
)
from lab.verdict.trend import Segment, falls_bytes, fit, tail

# Of what the second half of the load gained this part must be free in the allocator for the growth
# to be the allocator's own. Not much more than all of it: malloc counts untouched address space of
# an arena as free, too, and then its count says nothing of memory.
FREE_SHARE_OF_GAIN = 0.5
FREE_SHARE_IN_MEMORY = 1.5

# Of all that memory grew by, below a predicted ceiling, this part must be free.
MOSTLY_FREE_SHARE = 0.75

# A ceiling is measured in a process of its own, where a thread retains a few percent more or less.
CEILING_MARGIN = 0.05


# What collecting freed is the growth where all but a quarter of it is gone, as of a free part.
GARBAGE_SHARE_OF_GROWTH = 0.75


class HarmlessGrowth(Enum):
    """Why growth that goes on is not a leak."""

    GARBAGE = "garbage"
    """Cycles that wait for the collector: it ran in full during the load, and again frees them."""

    FILLING = "filling"
    """A pool of threads, below the ceiling that was predicted before the load."""
    COPIED = "copied after fork"
    """Pages of before the fork, each copied when a process first writes to it."""
    FREE = "free in the allocator"


def harmless_growth(seen: TroughEvidence) -> HarmlessGrowth | None:
    """The kind of harmless growth; None where growth is of no known harmless kind."""
    if is_copied(seen):
        return HarmlessGrowth.COPIED
    below = is_below_ceiling(seen)
    if not is_free_in_allocator(seen):
        return HarmlessGrowth.FILLING if below and is_mostly_free(seen) else None
    return HarmlessGrowth.FILLING if below else HarmlessGrowth.FREE


def may_fragment(seen: TroughEvidence) -> bool:
    """Whether what is free grows by more than counts as flat, and may do so for ever: a pattern of
    requests that fragments the allocators never serves from it. Only the longest load can tell.
    """
    free = _free_part(seen)
    if free is None or is_below_ceiling(seen) or not has_trend(free):
        return False
    slope = free.trend.slope
    return slope is not None and free.over_load(slope.estimate) >= flat_bytes_of(seen)


def is_fragmenting(seen: TroughEvidence) -> bool:
    """Whether what is free grows at constant pace to the end of the longest load."""
    free = _free_part(seen)
    return may_fragment(seen) and is_exhausted(seen.troughs) and free is not None and is_leak(free)


def is_flat_but_for_free(seen: TroughEvidence) -> bool:
    """Whether memory grew too little to count, and live memory by less than may matter.

    Measured: an app that keeps nothing gains 0 to 1 MiB in its arenas, from run to run.
    """
    live = seen.live
    if live is None or grown_bytes(seen) >= flat_bytes_of(seen) or is_too_short(seen.troughs):
        return False
    return live.line.slope.high < seen.matters


def _free_part(seen: TroughEvidence) -> TroughEvidence | None:
    free = seen.troughs.free
    return None if free is None else TroughEvidence(free, seen.matters)


def is_garbage(seen: TroughEvidence) -> bool:
    """Whether what grew waits for the collector; not asked where it grows evenly, as a leak does.

    Measured: a cycle of uvicorn's protocol and parser before 0.18.3, a saw-tooth of hundreds of
    MiB.
    """
    freed, growth = seen.troughs.garbage_bytes, seen.troughs.growth_bytes
    return freed is not None and growth > 0 and freed >= GARBAGE_SHARE_OF_GROWTH * growth


def is_copied(seen: TroughEvidence) -> bool:
    """Whether what grows are copies of pages that processes shared: RSS and live memory are level.

    Reference counts and the collector write to what was loaded before the fork (measured: gunicorn
    with --preload, 25 kB a request at first, less and less, and none when all is copied).
    """
    shared = seen.troughs.shared_bytes
    if shared is None or leaking_live(seen):
        return False
    stretch = tail(seen.troughs)
    before = shared[-len(stretch.trough_bytes)]
    return copied_bytes(before, shared[-1], gain_bytes(stretch)) > 0


def is_below_ceiling(seen: TroughEvidence) -> bool:
    """Whether memory grew no further than a pool of threads was predicted to."""
    ceiling, growth = seen.troughs.ceiling, seen.troughs.growth_bytes
    return ceiling is not None and 0 < growth <= (1 + CEILING_MARGIN) * ceiling.growth_bytes


def is_mostly_free(seen: TroughEvidence) -> bool:
    """Whether most of all that memory grew by is free in the allocator, and the rest is level.

    Of memory that rises and falls the second half alone tells nothing: it may have lost some.
    """
    free = _free_part(seen)
    if free is None or not is_rest_level(seen):
        return False
    return free.troughs.growth_bytes >= MOSTLY_FREE_SHARE * seen.troughs.growth_bytes


def is_rest_level(seen: TroughEvidence) -> bool:
    """Whether what is not free in the allocator shows no slope over the whole load.

    Where live memory is known, and does not leak, the second half is enough: threads that a pool
    started late brought their stacks (measured: 1.8 MiB of 34 threads in one block of eight).
    """
    rest = seen.troughs.without_free
    if rest is None or leaking_live(seen):
        return False
    if seen.live is not None and turns_over(seen.live):
        return True
    if _is_level(seen, Segment(rest.trough_bytes, rest.requests)):
        return True
    return seen.live is not None and _is_level(seen, tail(rest))


def _is_level(seen: TroughEvidence, points: Segment) -> bool:
    slope = fit(points).slope
    return slope.low <= 0 or seen.over_load(slope.high) < LEAK_BYTES


def only_swings(seen: TroughEvidence) -> bool:
    """Whether memory rises and falls without end, and what is not free shows no slope."""
    return swings_level(seen) and is_rest_level(seen)


def turns_over(live: TroughEvidence) -> bool:
    """Whether live memory falls again and again, and rises no higher in the second half.

    Measured, to the byte: cycles that wait for the collector swing from 180 to 787 MiB, and no
    trough of five trials was above that.
    """
    heights = live.troughs.trough_bytes
    half = len(heights) // 2
    height = max(heights) - min(heights)
    swing = max(BOUNDED_SHARE_OF_GROWTH * height, FALL_NOISES * live.noise_bytes)
    falls = sum(fall >= swing for fall in falls_bytes(live.troughs))
    return falls >= LEAST_FALLS and max(heights[half:]) - max(heights[:half]) < swing


def is_free_in_allocator(seen: TroughEvidence) -> bool:
    """Whether what grows is free in the allocator, and the rest does not grow.

    Arenas grow so for thousands of requests (measured: Flask's own server, 12 arenas, 0.9 KiB a
    request), and serve from what they retain before they ask for more. A pool that fills adds the
    stacks of its threads, too (measured: 0.8 % of 2.4 GiB in 200 threads).
    """
    rest = seen.troughs.without_free
    if rest is None or leaking_live(seen):
        return False
    gain, rest_gain = gain_bytes(tail(seen.troughs)), gain_bytes(tail(rest))
    live = seen.live
    if live is not None and turns_over(live):
        elsewhere = rest_gain - gain_bytes(tail(live.troughs))
        return gain > 0 and elsewhere <= FILLING_SHARE_OF_GROWTH * seen.troughs.growth_bytes
    if rest_gain > FILLING_SHARE_OF_GROWTH * gain and is_leak(TroughEvidence(rest, seen.matters)):
        return False
    least, most = FREE_SHARE_OF_GAIN * gain, FREE_SHARE_IN_MEMORY * gain + _freed_bytes(seen)
    return gain > 0 and least <= gain - rest_gain <= most


def _freed_bytes(seen: TroughEvidence) -> int:
    """Live bytes that became free in the second half of the load: no growth, and no address space
    that was never touched; 0 where they are not known.
    """
    return 0 if seen.live is None else max(0, -gain_bytes(tail(seen.live.troughs)))
