"""Growth that has ended, told before the planned load is over, however often one looks. Pure.

A trough is the level of the moment plus noise. So from any trough to any later one the slope is
known up to two noises. That holds however the noise of one block hangs on that of the block before,
and a bound that all troughs of a trial keep at once makes it hold at every look, from every start.
The exact count of live bytes comes first where the probes give it: its noise is a fraction of
memory's. Memory confirms it.
"""

from dataclasses import dataclass
from math import log, sqrt

import numpy as np

from lab.records.judgement import MIN_LEAK_BYTES_PER_REQUEST, Interval, Verdict
from lab.units import MIB
from lab.verdict.end_criteria import flat_bytes, is_too_short
from lab.verdict.evidence import EXACT_NOISE_BYTES
from lab.verdict.model_selection import MOST_POINTS
from lab.verdict.trend import Segment, Troughs

# The error that all looks of a trial have together.
ERROR = 0.005

# Gaussian noise of so many troughs stays within so many standard deviations, but for that error.
NOISES = sqrt(2 * log(2 * MOST_POINTS / ERROR))

# Standard deviation of a worker's trough between equal moments, at least: of an engine's counter.
MEMORY_NOISE_BYTES = 0.1 * MIB

# Level: no rise or fall beyond so many noises; memory's is at least so much. A leak that neither
# allocator knows shows in memory alone.
LEVEL_NOISES = 3
LEVEL_MEMORY_NOISE_BYTES = 0.05 * MIB

# A median deviation times this is a standard deviation of Gaussian noise.
MAD_TO_DEVIATION = 1.4826

LEAST_BLOCKS_TO_END = 3
"""Blocks from the baseline on: with two, one increment would have to say how much it varies."""

LEAST_LEVEL_BLOCKS = 2
"""Blocks of the stretch that is level."""

LEAST_SHARE_TO_END = 0.25
"""Share of the planned load that has to be over: what begins later is not seen."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Growth that has ended, with its bounds."""

    verdict: Verdict
    high: float
    """Bytes a request by which it grows at most, of the series that it rests on."""
    memory_high: float
    """Bytes a request by which memory grows at most."""
    start: int
    """The trough from which on it is level; 0 is the baseline."""
    is_exact: bool
    """Whether it rests on the exact count, and memory confirms it less sharply."""

    @property
    def interval(self) -> Interval:
        """The interval from no growth to the bound."""
        return Interval(0.0, min(0.0, self.high), self.high)


def ending_of(troughs: Troughs, matters: float = MIN_LEAK_BYTES_PER_REQUEST) -> Ending | None:
    """How growth has ended; None where that is open, and more of the load has to tell."""
    blocks = len(troughs.requests)
    enough = troughs.total_requests >= LEAST_SHARE_TO_END * troughs.planned_requests
    if blocks < LEAST_BLOCKS_TO_END or not enough or is_too_short(troughs):
        return None
    exact = troughs.live
    if gives_back(troughs if exact is None else exact, exact is not None):
        return None
    for start in range(blocks - LEAST_LEVEL_BLOCKS + 1):
        memory_high = bound(troughs, start, MEMORY_NOISE_BYTES)
        high = memory_high if exact is None else bound(exact, start, EXACT_NOISE_BYTES)
        level = is_level(troughs, start, LEVEL_MEMORY_NOISE_BYTES)
        level = level and (exact is None or is_level(exact, start, EXACT_NOISE_BYTES))
        more_bytes = memory_high * troughs.planned_requests
        if high < matters and level and more_bytes < _flat_bytes(troughs):
            is_exact = exact is not None and memory_high >= matters
            return Ending(_kind(troughs), high, memory_high, start, is_exact)
    return None


def gives_back(troughs: Troughs, is_exact: bool) -> bool:
    """Whether it fell in any block beyond noise: what falls away hides a leak for a while, and both
    together look level at their turn."""
    least = EXACT_NOISE_BYTES if is_exact else MEMORY_NOISE_BYTES
    sizes = np.asarray(troughs.whole.trough_bytes)
    return bool(-np.diff(sizes).min() > NOISES * least * sqrt(troughs.workers))


def bound(troughs: Troughs, start: int, least_noise_bytes: float) -> float:
    """Bytes a request by which it grows at most from one trough on, at every look alike."""
    stretch = _from(troughs, start)
    gained = stretch.trough_bytes[-1] - stretch.trough_bytes[0]
    requests = stretch.requests[-1] - stretch.requests[0]
    noise = max(least_noise_bytes * sqrt(troughs.workers), noise_of(stretch))
    return (max(gained, 0.0) + 2 * NOISES * noise) / requests


def noise_of(stretch: Segment) -> float:
    """The noise of a trough, from how its increments vary; 0 where there is only one."""
    increments = np.diff(np.asarray(stretch.trough_bytes, dtype=np.float64))
    deviation = np.median(np.abs(increments - np.median(increments)))
    return float(MAD_TO_DEVIATION * deviation / sqrt(2))


def is_level(troughs: Troughs, start: int, least_noise_bytes: float) -> bool:
    """Whether neither a rise nor a fall is seen from one trough on."""
    stretch = _from(troughs, start)
    gained = stretch.trough_bytes[-1] - stretch.trough_bytes[0]
    return abs(gained) <= LEVEL_NOISES * max(
        least_noise_bytes * sqrt(troughs.workers), noise_of(stretch)
    )


def _kind(troughs: Troughs) -> Verdict:
    return Verdict.FLAT if troughs.growth_bytes < _flat_bytes(troughs) else Verdict.BOUNDED


def _flat_bytes(troughs: Troughs) -> float:
    return flat_bytes(troughs.workers, troughs.baseline_bytes)


def _from(troughs: Troughs, start: int) -> Segment:
    whole = troughs.whole
    return Segment(whole.trough_bytes[start:], whole.requests[start:])
