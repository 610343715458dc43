"""The troughs of a trial as one curve: its growth, and the line through a part of it."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from lab.records.judgement import Interval
from lab.records.observations import Trough, WorkerReading
from lab.records.readings import of_workers, shared_bytes, trough_memory_bytes
from lab.records.trial import Trial
from lab.verdict.garbage import garbage_bytes_of
from lab.verdict.student import quantile


@dataclass(frozen=True, slots=True)
class Segment:
    """Consecutive troughs: the last blocks and the trough that they start from."""

    trough_bytes: tuple[int, ...]
    requests: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PredictedCeiling:
    """The predicted ceiling of a pool of threads."""

    growth_bytes: int
    threads: int
    """Threads of all workers."""
    thread_bytes: int
    """Bytes that one thread retains."""

    def filled_threads(self, growth_bytes: int) -> int:
        """How many threads have retained their part of a growth."""
        return max(0, min(self.threads, growth_bytes // self.thread_bytes))


@dataclass(frozen=True, slots=True)
class Troughs:
    """Memory at the ends of the cooldowns of one trial, over completed requests."""

    baseline_bytes: int
    trough_bytes: tuple[int, ...]
    """One trough a block, without the baseline."""
    requests: tuple[int, ...]
    """Completed (2xx) requests since the baseline, at each trough."""
    workers: int = 1
    planned: int | None = None
    """Requests that were planned; None: as many as there were."""
    free_bytes: tuple[int, ...] | None = None
    """Free in the allocators at the baseline and at each trough; None: not known."""
    live_bytes: tuple[int, ...] | None = None
    """Allocated and not freed at the same moments, in memory that is new or was free before;
    None: not known."""
    shared_bytes: tuple[int, ...] | None = None
    """Shared memory at the same moments, see `lab.records.readings`; None: not known."""
    ceiling: PredictedCeiling | None = None
    """The predicted ceiling; None: not predicted, or no thread of a pool retains anything."""
    of_user_app: bool = False
    """Whether its load is set by a lab.toml."""
    of_budget: bool = False
    """Whether BUDGET made the load shorter than what was asked for."""
    garbage_bytes: int | None = None
    """Live at the end, and freed by collecting, see `lab.verdict.garbage`; None: not known."""

    def __post_init__(self) -> None:
        if len(self.trough_bytes) != len(self.requests):
            raise ValueError("each trough needs its count of requests")
        if any(later <= earlier for earlier, later in pairwise((0, *self.requests))):
            raise ValueError("requests must rise from trough to trough")

    @property
    def whole(self) -> Segment:
        """The segment of all troughs, from the baseline on."""
        return Segment((self.baseline_bytes, *self.trough_bytes), (0, *self.requests))

    @property
    def without_free(self) -> "Troughs | None":
        """The troughs less what is free in the allocators; None where that is not known."""
        if self.free_bytes is None:
            return None
        sizes = (self.baseline_bytes, *self.trough_bytes)
        return self.of([size - free for size, free in zip(sizes, self.free_bytes, strict=True)])

    @property
    def live(self) -> "Troughs | None":
        """Live bytes in the place of memory; None where they are not known."""
        return None if self.live_bytes is None else self.of(self.live_bytes)

    @property
    def free(self) -> "Troughs | None":
        """What is free in the allocators in the place of memory; None where that is not known."""
        return None if self.free_bytes is None else self.of(self.free_bytes)

    def of(self, sizes: Sequence[int]) -> "Troughs":
        """Other sizes at the same moments, the baseline first."""
        baseline, *troughs = sizes
        return replace(
            self,
            baseline_bytes=baseline,
            trough_bytes=tuple(troughs),
            free_bytes=None,
            live_bytes=None,
            shared_bytes=None,
            ceiling=None,
            garbage_bytes=None,
        )

    @property
    def settled_bytes(self) -> int:
        """The last trough."""
        return self.trough_bytes[-1]

    @property
    def growth_bytes(self) -> int:
        """Settled less baseline."""
        return self.settled_bytes - self.baseline_bytes

    @property
    def planned_requests(self) -> int:
        """The planned load in requests; the lab may have extended it."""
        return self.total_requests if self.planned is None else self.planned

    @property
    def total_requests(self) -> int:
        """Completed requests of the whole load."""
        return self.requests[-1]


@dataclass(frozen=True, slots=True)
class FittedLine:
    """The straight line through a stretch."""

    slope: Interval
    """Bytes a request."""
    rise_bytes: float
    """Rise of the line over the stretch."""
    scatter_bytes: float
    """Standard deviation of the troughs around the line."""


def troughs_of(trial: Trial) -> Troughs | None:
    """The trial's troughs; None without baseline or troughs, or where a block completed nothing."""
    after, before = trial.block_troughs, trial.baseline
    requests = _completed(trial, [trough.index for trough in after])
    if not after or before is None or any(b <= a for a, b in pairwise((0, *requests))):
        return None
    readings = (before, *after)
    baseline, *troughs = trough_memory_bytes([trough.sample for trough in readings])
    return Troughs(
        baseline,
        tuple(troughs),
        requests,
        trial.start.variant.axes.workers,
        trial.start.requests,
        _parts_of(trial, readings, lambda worker: worker.free_in_allocator_bytes),
        _parts_of(trial, readings, lambda worker: worker.live_bytes),
        _all_known(map(shared_bytes, readings)),
        ceiling_of(trial),
        trial.start.variant.is_user_app,
        trial.fit is not None or (trial.end is not None and trial.end.out_of_time),
        garbage_bytes_of(trial),
    )


def ceiling_of(trial: Trial) -> PredictedCeiling | None:
    """The predicted ceiling of a pool of threads; None where there is none."""
    prediction = trial.prediction
    if prediction is None or prediction.growth_bytes is None:
        return None
    names = ("workers", "threads", "arenas", "thread_kept_bytes")
    workers, threads, arenas, thread_bytes = (
        value if isinstance(value := prediction.inputs.get(name), int) else 0 for name in names
    )
    filled = workers * min(threads, arenas)
    if filled < 1 or thread_bytes < 1:
        return None
    return PredictedCeiling(prediction.growth_bytes, filled, thread_bytes)


def _parts_of(
    trial: Trial, readings: Sequence[Trough], read: Callable[[WorkerReading], int | None]
) -> tuple[int, ...] | None:
    """One part of each trough, summed over the workers; None where one of them is not known."""
    total = of_workers(read, trial.start.variant.axes.workers)
    return _all_known(map(total, readings))


def _all_known(sizes: Iterable[int | None]) -> tuple[int, ...] | None:
    every = tuple(sizes)
    stated = tuple(size for size in every if size is not None)
    return stated if len(stated) == len(every) else None


def last_blocks(troughs: Troughs, blocks: int) -> Segment:
    """The last `blocks` blocks."""
    points = blocks + 1
    return Segment(troughs.trough_bytes[-points:], troughs.requests[-points:])


def tail(troughs: Troughs) -> Segment:
    """The second half of the blocks: five points of eight blocks."""
    return last_blocks(troughs, len(troughs.trough_bytes) // 2)


def fit(stretch: Segment) -> FittedLine:
    """Ordinary least squares with Student's t, for at least three points.

    Not Theil-Sen: on the five points of a tail its rank interval is hardly ever narrower than
    the extreme pairs, so it would throw away how small the noise is. An outlier makes this
    interval wide, which ends as `inconclusive` and not as a wrong answer.
    """
    requests, heights = np.asarray(stretch.requests, dtype=np.float64), _above_first(stretch)
    degrees = len(requests) - 2
    width, _, covariance, height = np.cov(requests, heights, bias=True).flat
    slope, spread = float(covariance / width), sqrt(float(width) * len(requests))
    left = max(float(height - slope * covariance), 0.0)
    error = sqrt(left / float(width) / degrees)
    half = quantile(degrees) * error
    return FittedLine(
        slope=Interval(slope, slope - half, slope + half),
        rise_bytes=slope * float(requests[-1] - requests[0]),
        scatter_bytes=error * spread,
    )


def slopes_of(stretch: Segment) -> tuple[float, ...]:
    """Bytes a request that each block of the stretch gained."""
    gained = np.diff(_above_first(stretch)) / np.diff(np.asarray(stretch.requests))
    return tuple(float(slope) for slope in gained)


def largest_rise_bytes(stretch: Segment) -> int:
    """The highest rise from any trough to a later one; 0 when none is higher."""
    heights = np.asarray(stretch.trough_bytes)
    return int(np.max(heights - np.minimum.accumulate(heights)))


def falls_bytes(troughs: Troughs) -> tuple[int, ...]:
    """The drops from one trough to the next; 0 where there is none."""
    return tuple(max(0, before - after) for before, after in pairwise(troughs.trough_bytes))


def _above_first(stretch: Segment) -> NDArray[np.float64]:
    """Bytes less those of the first trough: small numbers keep a flat line exactly flat."""
    return np.asarray(stretch.trough_bytes, dtype=np.float64) - stretch.trough_bytes[0]


def _completed(trial: Trial, indices: Sequence[int]) -> tuple[int, ...]:
    """The requests that were completed up to each of these blocks, that block included."""
    numbers = [block.index for block in trial.blocks]
    done = (0, *accumulate(block.ok for block in trial.blocks))
    return tuple(done[bisect_right(numbers, index)] for index in indices)
