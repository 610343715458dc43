"""Growth within the life of each worker, where workers are killed and replaced. Pure.

The troughs of the whole server say nothing then: each death gives memory back. A life is told from
another by pid and start time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import mean, median, stdev

from lab.records.judgement import Interval
from lab.records.trial import Trial
from lab.verdict.evidence import TROUGH_NOISE_BYTES
from lab.verdict.student import quantile
from lab.verdict.trend import Segment, fit

# With fewer a slope has no error of its own, and the spread of the slopes is not known.
LEAST_READINGS = 3
LEAST_LIVES = 3

# A life must grow by more than the noise of a trough, or its slope is chance.
LEAST_RISE_NOISES = 4

# Lives of one code under one load grow alike; they get their requests by chance, not equally.
MOST_SPREAD = 3.0

# Growth that dies away loses more than half of its pace from the first half of a life to the second
# (a time constant of the whole life: see `lab.verdict.growth_models`).
LEAST_LATE_PACE = 0.5


@dataclass(frozen=True, slots=True)
class Life:
    """The memory of one worker over the requests that the server completed."""

    requests: tuple[int, ...]
    rss_bytes: tuple[int, ...]

    @property
    def slope(self) -> float:
        """Bytes a request of the server."""
        return fit(Segment(self.rss_bytes, self.requests)).slope.estimate

    @property
    def rise_bytes(self) -> int:
        return self.rss_bytes[-1] - self.rss_bytes[0]

    @property
    def late_pace(self) -> float:
        """The pace of the second half, relative to that of the first; 0 where that did not rise."""
        middle = len(self.requests) // 2
        early = _pace(self, 0, middle)
        return _pace(self, middle, -1) / early if early > 0 else 0.0


@dataclass(frozen=True, slots=True)
class LivesTrend:
    """Lives that grow at one pace."""

    lives: int
    slope: Interval
    """Bytes a request of the server, of all its workers together."""


def lives_trend_of(trial: Trial) -> LivesTrend | None:
    """The trend of each worker's life; None where too few are seen, or their paces differ."""
    lives = [each for each in lives_of(trial) if len(each.requests) >= LEAST_READINGS]
    if len(lives) < LEAST_LIVES or not grow_alike(lives):
        return None
    slopes, workers = [life.slope for life in lives], trial.start.variant.axes.workers
    half = quantile(len(slopes) - 1) * stdev(slopes) / sqrt(len(slopes))
    estimate = mean(slopes)
    if estimate - half <= 0 or workers * (estimate + half) < trial.start.matters_bytes:
        return None
    ends = (estimate, estimate - half, estimate + half)
    return LivesTrend(len(lives), Interval(*(workers * end for end in ends)))


def grow_alike(lives: Sequence[Life]) -> bool:
    """Whether all grow, at one pace that does not die away."""
    if min(life.rise_bytes for life in lives) < LEAST_RISE_NOISES * TROUGH_NOISE_BYTES:
        return False
    slopes = [life.slope for life in lives]
    if min(slopes) <= 0 or max(slopes) > MOST_SPREAD * min(slopes):
        return False
    return median(life.late_pace for life in lives) >= LEAST_LATE_PACE


def lives_of(trial: Trial) -> tuple[Life, ...]:
    """Every worker that any trough saw, in the order of their first reading."""
    points: dict[tuple[int, float], list[tuple[int, int]]] = {}
    for trough in trial.troughs:
        if trough.probe is None:
            continue
        workers = {worker.pid for worker in trough.probe.workers}
        served = sum(block.ok for block in trial.blocks if block.index <= trough.index)
        for each in trough.probe.processes:
            if each.pid in workers and each.rss_bytes is not None:
                life = points.setdefault((each.pid, each.started_at_seconds), [])
                if not life or served > life[-1][0]:
                    life.append((served, each.rss_bytes))
    return tuple(
        Life(tuple(served for served, _ in readings), tuple(size for _, size in readings))
        for readings in points.values()
    )


def _pace(life: Life, first: int, last: int) -> float:
    gained = life.rss_bytes[last] - life.rss_bytes[first]
    return gained / (life.requests[last] - life.requests[first])
