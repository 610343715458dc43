"""Whether growth has ended, and whether there was any.

Each threshold stands here with its source; what simulation sets, `make validate` holds.
"""

from itertools import pairwise
from statistics import median

from lab.records.judgement import LEAST_REQUESTS
from lab.units import MIB
from lab.verdict.evidence import TroughEvidence
from lab.verdict.leak_criteria import LeakDoubt, is_long, is_significant, is_wide, tail_ends
from lab.verdict.trend import Troughs, falls_bytes, largest_rise_bytes, last_blocks, slopes_of, tail

# In the middle of what the thread called constant (its async arm gained 8.6 MiB on 75 MiB, 11.5 %)
# and the least that it called growth: the 15.26 MiB that one thread keeps of the `lists` workload.
# At a border near either of them an app flips from run to run (measured: 25 threads with a database
# connection each keep 9.5 to 10.5 MiB, by how many of them were pruned meanwhile).
FLAT_BYTES_A_WORKER = 12 * MIB
FLAT_SHARE_OF_BASELINE = 0.12

# Bounded: the same load once more would add at most this part of what was gained.
BOUNDED_SHARE_OF_GROWTH = 0.10

# Under steps or an outlier a leak still shows in so many blocks of the tail.
GROWING_BLOCKS_SHARE = 0.75

# A saw-tooth falls more than once.
LEAST_FALLS = 2


def is_too_short(troughs: Troughs) -> bool:
    """Whether a user app got too few requests to rule out a leak."""
    return troughs.of_user_app and troughs.total_requests < LEAST_REQUESTS


def flat_bytes(workers: int, baseline_bytes: float) -> float:
    """The growth in bytes below which growth counts as none."""
    return max(FLAT_BYTES_A_WORKER * workers, FLAT_SHARE_OF_BASELINE * baseline_bytes)


def flat_bytes_of(seen: TroughEvidence) -> float:
    """The growth in bytes that counts as none, for a trial's workers and baseline."""
    return flat_bytes(seen.troughs.workers, seen.troughs.baseline_bytes)


def is_open(seen: TroughEvidence, doubt: LeakDoubt | None) -> bool:
    """Whether growth that is not called a leak may yet be one."""
    returns = is_bounded_saw_tooth(seen)
    if doubt is not None and not (doubt.in_steps and (returns or not is_long(seen.troughs))):
        return True
    return not returns and may_leak(seen)


def may_leak(seen: TroughEvidence) -> bool:
    """Whether the second half of the load grows, and no end explains it better."""
    troughs, line = seen.troughs, seen.line
    if tail_ends(seen):
        return False
    steady = line.slope.low > 0 and not is_wide(seen, line.rise_bytes, line.scatter_bytes)
    if steady and is_significant(seen, line.slope.estimate, line.slope.high):
        return True
    return is_long(troughs) and _grows_in_most_blocks(seen)


def has_stopped(seen: TroughEvidence) -> bool:
    """Whether the same load once more would add practically nothing.

    Either the slope's interval says so, or the tail, which does not grow evenly, gained little and
    half as much load again would add as little at the pace of its last blocks: a pool whose last
    idle threads are found late (3.7 starts all of them at once) ends in single steps.
    """
    troughs, line = seen.troughs, seen.line
    little = little_bytes(seen)
    if seen.over_load(line.slope.high) < little or is_bounded_saw_tooth(seen):
        return True
    end = last_blocks(troughs, len(troughs.trough_bytes) // 4)
    pace = largest_rise_bytes(end) / (end.requests[-1] - end.requests[0])
    return line.rise_bytes < little and seen.over_load(pace) / 2 < little


def little_bytes(seen: TroughEvidence) -> float:
    """Bytes that are practically nothing beside what memory gained."""
    return max(flat_bytes_of(seen), BOUNDED_SHARE_OF_GROWTH * seen.troughs.growth_bytes)


def grown_bytes(seen: TroughEvidence) -> int:
    """Settled less baseline; of a saw-tooth its highest trough, as it may end anywhere."""
    troughs = seen.troughs
    if is_bounded_saw_tooth(seen):
        return max(troughs.trough_bytes) - troughs.baseline_bytes
    return troughs.growth_bytes


def is_bounded_saw_tooth(seen: TroughEvidence) -> bool:
    """Whether memory rises and falls, again and again, and no higher than before."""
    heights = seen.troughs.trough_bytes
    half = len(heights) // 2
    first, second = max(heights[:half]), max(heights[half:])
    height = max(first, second) - min(heights)
    least = seen.least_fall_bytes(height)
    often = sum(fall > least for fall in falls_bytes(seen.troughs)) >= LEAST_FALLS
    return often and second - first < BOUNDED_SHARE_OF_GROWTH * height


def swings_level(seen: TroughEvidence) -> bool:
    """Whether memory fell in the second half by more than is little, and its last quarter is no
    higher than the quarter before by as much: its rises are those of a swing, and have no pace.

    Measured: cycles that wait for the collector, 1,000 to 1,500 MiB, from one trough to the next
    up to 350 MiB less or 150 more.
    """
    heights, little = tail(seen.troughs).trough_bytes, little_bytes(seen)
    last = len(seen.troughs.trough_bytes) // 4
    fall = max(before - after for before, after in pairwise(heights))
    return fall > little and max(heights[-last:]) - max(heights[:-last]) < little


def _grows_in_most_blocks(seen: TroughEvidence) -> bool:
    """Whether most blocks of the tail add their share, whatever the others do."""
    slopes = slopes_of(tail(seen.troughs))
    growing = sum(slope > 0 for slope in slopes)
    middle = median(slopes)
    return growing >= GROWING_BLOCKS_SHARE * len(slopes) and is_significant(seen, middle, middle)
