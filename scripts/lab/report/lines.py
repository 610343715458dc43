"""The drawn line of one trial: fewer points, gaps, and what a pointer reads from it."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from lab.records.curve import MemoryCurve
from lab.report.scales import PANEL_HEIGHT, PANEL_WIDTH, Scale
from lab.text.phrases import counted, in_mib

MOST_DRAWN_POINTS = 240
DRAWN_GAP_SECONDS = 5.0
GAP_FACTOR = 5.0
"""A hole this many times the usual step, and longer than DRAWN_GAP_SECONDS, breaks the line."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TrialLine:
    """One trial: an SVG path, and its blocks for the pointer."""

    path: str
    blocks: str
    """Start and end in seconds, and completed requests, of each block in turn."""


@dataclass(frozen=True, slots=True)
class Dot:
    """One trough, and what it says on hovering."""

    x: float
    y: float
    title: str


def line(curve: MemoryCurve, scale: Scale) -> TrialLine:
    """The curve of a trial on a scale."""
    return TrialLine(_path(curve, scale), _blocks(curve))


def dots(curve: MemoryCurve, scale: Scale) -> tuple[Dot, ...]:
    """The troughs of a trial, the baseline first."""
    points = zip(curve.trough_seconds, curve.trough_bytes, strict=True)
    ends = sorted(end for _, end in curve.block_spans_seconds)
    done = tuple(accumulate(curve.block_ok))
    return tuple(
        Dot(
            scale.x(seconds),
            scale.y(size_bytes),
            _trough_title(bisect_right(ends, seconds), size_bytes, done),
        )
        for seconds, size_bytes in points
    )


def spans(curve: MemoryCurve, scale: Scale) -> tuple[tuple[float, float], ...]:
    """Left edge and width of each block of load."""
    return tuple(
        (scale.x(start), round(scale.x(end) - scale.x(start), 1))
        for start, end in curve.block_spans_seconds
    )


def downsample(values: Floats, most: int = MOST_DRAWN_POINTS) -> NDArray[np.intp]:
    """Indices of at most `most` points that keep the lowest and highest of each bucket."""
    count = len(values)
    if count <= most:
        return np.arange(count)
    buckets = most // 2
    length = -(-count // buckets)
    padded = np.pad(values, (0, buckets * length - count), mode="edge").reshape(buckets, length)
    starts = np.arange(buckets) * length
    picked = np.concatenate([starts + padded.argmin(axis=1), starts + padded.argmax(axis=1)])
    indices: NDArray[np.intp] = np.unique(np.minimum(picked, count - 1))
    return indices


def _path(curve: MemoryCurve, scale: Scale) -> str:
    seconds = np.asarray(curve.seconds, dtype=float)
    watched = np.asarray(curve.watched_seconds or curve.seconds, dtype=float)
    values = np.asarray(curve.memory_bytes, dtype=float)
    picked = downsample(values)
    breaks = np.concatenate([[True], np.diff(_pieces(watched)[picked]) > 0])
    first, last = scale.seconds
    xs = (seconds[picked] - first) / (last - first) * PANEL_WIDTH
    ys = PANEL_HEIGHT * (1 - values[picked] / scale.bytes_top)
    points = zip(breaks.tolist(), xs.tolist(), ys.tolist(), strict=True)
    return "".join(f"{'M' if starts else 'L'}{x:.1f} {y:.2f}" for starts, x, y in points)


def _pieces(seconds: Floats) -> NDArray[np.intp]:
    """The number of gaps before each sample."""
    if len(seconds) < 2:
        return np.zeros(len(seconds), dtype=np.intp)
    steps = np.diff(seconds)
    wide = steps > max(DRAWN_GAP_SECONDS, GAP_FACTOR * float(np.median(steps)))
    return np.concatenate([[0], np.cumsum(wide)])


def _blocks(curve: MemoryCurve) -> str:
    if len(curve.block_ok) != len(curve.block_spans_seconds):
        return ""
    blocks = zip(curve.block_spans_seconds, curve.block_ok, strict=True)
    return " ".join(f"{start:.1f} {end:.1f} {ok}" for (start, end), ok in blocks)


def _trough_title(ended: int, size_bytes: int, done: Sequence[int]) -> str:
    """What is said of a trough after so many blocks, of which each completed the next of `done`."""
    if not ended:
        return f"Baseline: {in_mib(size_bytes)}"
    requests = f", {counted(done[min(ended, len(done)) - 1], 'request')}" if done else ""
    return f"Trough after block {ended}: {in_mib(size_bytes)}{requests}"
