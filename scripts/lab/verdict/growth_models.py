"""What the increments of the troughs are made of: a constant part, one that dies away, steps.

An increment is d_k = L + A*rho^k, and the troughs are its sums. Every growth model may leave the
first increments unexplained (a pool that fills), at the price of a parameter each, and may have
noise that is correlated between blocks. Models are compared by AICc; the least is the best.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from math import inf, log

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Time constants of the dying part, in shares of the stretch that is explained. With the whole
# stretch as its constant growth still loses two thirds of its pace: less cannot be seen.
TIME_CONSTANTS = tuple(float(constant) for constant in np.geomspace(0.03, 1.0, 20))

# Slower laws by which growth dies away (caches whose keys are met ever more rarely,
# fragmentation); with the largest of these, too, the pace still loses two thirds.
HYPERBOLAS = tuple(float(constant) for constant in np.geomspace(0.02, 1.5, 16))
LOGARITHMS = tuple(float(constant) for constant in np.geomspace(0.02, 0.6, 12))

# Correlation of the noise from one block to the next; 0.97 is all but a random walk.
CORRELATIONS = (0.0, 0.3, 0.6, 0.8, 0.9, 0.97)

LEAST_POINTS = 6
"""Fewest points of a stretch: with fewer, a line and its noise look alike."""

LEAST_LEVEL_SHARE = 0.12
"""Least share of a stretch that is level after a cache is full: one lagging block is not an end."""


class ModelKind(Enum):
    """The growth models; the last two have a constant part: they leak."""

    FLAT = "flat"
    STEPS = "steps"
    FULL = "full"
    """Linear, then flat: it grows evenly until it is full."""
    DYING = "dying"
    CONSTANT = "constant"
    BOTH = "both"

    @property
    def leaks(self) -> bool:
        """Whether every block adds its share without end."""
        return self in (ModelKind.CONSTANT, ModelKind.BOTH)


SMOOTH = {
    ModelKind.FLAT: 1,
    ModelKind.CONSTANT: 2,
    ModelKind.FULL: 3,
    ModelKind.DYING: 3,
    ModelKind.BOTH: 4,
}
"""The parameters of each model without steps, in the order of a design's columns."""


@dataclass(frozen=True, slots=True)
class GrowthModel:
    """One growth model, fitted as well as it can be."""

    kind: ModelKind
    score: float
    """AICc: the smaller the better, two are a factor e of likelihood."""
    start: int = 0
    """How many points at the beginning are left unexplained."""
    time_constant: float | None = None
    """The time constant of the dying part in a model that also has a constant part."""
    correlation: float = 0.0


@dataclass(frozen=True, slots=True)
class TroughCurve:
    """Heights over the share of the load, from 0 to 1."""

    shares: tuple[float, ...]
    """Shares of the load, rounded, so that equal designs are prepared once."""
    heights: Array
    least_noise: float
    """Standard deviation that is known to be there."""


@dataclass(frozen=True, slots=True)
class Design:
    """The columns of every smooth model for one stretch, orthonormal within a shape.

    Shapes are ways of one model to grow, side by side; models stand in the order of SMOOTH.
    """

    columns: Array
    """Correlations x points x columns."""
    shapes: NDArray[np.intp]
    """The first column of every shape."""
    kinds: NDArray[np.intp]
    """The first shape of every model."""


def fitted_models(curve: TroughCurve) -> dict[ModelKind, GrowthModel]:
    """The best growth model of every kind."""
    best: dict[ModelKind, GrowthModel] = {}
    for start in starts(len(curve.heights)):
        for model in (*_smooth(curve, start), *_in_steps(curve, start)):
            if model.kind not in best or model.score < best[model.kind].score:
                best[model.kind] = model
    return best


@lru_cache(maxsize=512)
def starts(points: int) -> tuple[int, ...]:
    """Points at which the explained stretch may begin: dense at first, at most half of the load."""
    last = min(points - LEAST_POINTS, points // 2)
    candidates = (0, 1, 2, 3, 4, 6, 8, points // 4, points // 3, points // 2)
    return tuple(sorted({start for start in candidates if 0 <= start <= last}))


def stretch_shares(shares: Sequence[float], start: int) -> Array:
    """Shares of the stretch, from 0 at its start to 1 at its end."""
    stretch = np.asarray(shares[start:], dtype=np.float64)
    return np.asarray((stretch - stretch[0]) / (stretch[-1] - stretch[0]))


def leak_columns(shares: Array, time_constant: float | None) -> Array:
    """The columns of a level, a line and, with a time constant, a part that dies away."""
    parts = [np.ones_like(shares), shares]
    if time_constant is not None:
        parts.append(1 - np.exp(-shares / time_constant))
    return np.column_stack(parts)


def dying_shapes(shares: Array) -> Array:
    """All ways to die away, one a column: exponentials, hyperbolas, logarithms, stretched ones."""
    along, each = shares[:, None], np.asarray
    return np.hstack(
        [
            1 - np.exp(-along / each(TIME_CONSTANTS)),
            along / (along + each(HYPERBOLAS)),
            np.log1p(along / each(LOGARITHMS)),
            1 - np.exp(-np.sqrt(along / each(LOGARITHMS))),
        ]
    )


def full_shapes(shares: Array) -> Array:
    """Ramps that end, one a column: the last two blocks and an eighth of the stretch are level."""
    latest = [end for end in shares[1:-2] if end <= 1 - LEAST_LEVEL_SHARE]
    return np.asarray(np.minimum(shares[:, None], np.asarray(latest or shares[1:2])))


def whitened(values: Array, correlation: float) -> Array:
    """The rows without the correlation from one to the next."""
    white = values.copy()
    white[1:] -= correlation * values[:-1]
    white[0] *= np.sqrt(1 - correlation**2)
    return white


@lru_cache(maxsize=1365)
def design(shares: tuple[float, ...], start: int) -> Design:
    """The columns of every smooth model; most curves share their blocks, so they are cached."""
    stretch = stretch_shares(shares, start)
    line = leak_columns(stretch, None)
    level, dying = line[:, :1], dying_shapes(stretch)
    models = (
        level[:, None],
        line[:, None],
        with_last_column(level, full_shapes(stretch)),
        with_last_column(level, dying),
        with_last_column(line, dying[:, : len(TIME_CONSTANTS)]),
    )
    sizes = [np.full(each.shape[1], each.shape[2]) for each in models]
    return Design(
        np.stack([orthonormal(models, correlation) for correlation in CORRELATIONS]),
        before(np.concatenate(sizes)),
        before(np.asarray([each.shape[1] for each in models])),
    )


def with_last_column(first: Array, shapes: Array) -> Array:
    """Points x shapes x columns: each shape as the last column, after those that all share."""
    same = np.broadcast_to(first[:, None], (*shapes.shape, first.shape[1]))
    return np.concatenate([same, shapes[:, :, None]], axis=2)


def orthonormal(models: Sequence[Array], correlation: float) -> Array:
    """Points x columns of all models, from points x shapes x columns of each."""
    bases = [np.linalg.qr(np.moveaxis(whitened(each, correlation), 0, 1))[0] for each in models]
    return np.hstack([np.moveaxis(each, 1, 0).reshape(each.shape[1], -1) for each in bases])


def before(sizes: NDArray[np.intp]) -> NDArray[np.intp]:
    """The first index of each part; the parts stand one after the other."""
    return np.cumsum(sizes) - sizes


def score(squares: float, points: int, parameters: int) -> float:
    """AICc of a sum of squares; infinite where the parameters use up the points."""
    return points * log(squares / points) + penalty(points, parameters)


def penalty(points: int, parameters: int) -> float:
    """What AICc adds for the parameters."""
    left = points - parameters - 1
    return 2 * parameters * (1 + (parameters + 1) / left) if left > 0 else inf


@lru_cache(maxsize=1024)
def smooth_penalties(points: int, start: int) -> Array:
    """Correlations x models: what a score adds, for parameters and for whitened heights."""
    return np.asarray(
        [
            [
                penalty(points, start + 1 + (correlation > 0) + own) - log(1 - correlation**2)
                for own in SMOOTH.values()
            ]
            for correlation in CORRELATIONS
        ]
    )


def _smooth(curve: TroughCurve, start: int) -> Iterator[GrowthModel]:
    """Everything but steps, each with the correlation of the noise that suits it best."""
    points, prepared = len(curve.heights), design(curve.shares, start)
    white = np.stack([whitened(curve.heights[start:], each) for each in CORRELATIONS])
    projections = np.matmul(white[:, None], prepared.columns)[:, 0]
    explained = np.add.reduceat(projections**2, prepared.shapes, axis=1)
    unexplained = (white**2).sum(axis=1)[:, None] - np.maximum.reduceat(
        explained, prepared.kinds, axis=1
    )
    noise = points * curve.least_noise**2 * (1 - np.square(CORRELATIONS))
    squares = noise[:, None] + np.maximum(0.0, unexplained)
    scores = points * np.log(squares / points) + smooth_penalties(points, start)
    for column, (kind, row) in enumerate(zip(SMOOTH, scores.argmin(axis=0), strict=True)):
        index = int(explained[row, prepared.kinds[-1] :].argmax())
        constant = TIME_CONSTANTS[index] if kind is ModelKind.BOTH else None
        yield GrowthModel(kind, float(scores[row, column]), start, constant, CORRELATIONS[row])


def _in_steps(curve: TroughCurve, start: int) -> Iterator[GrowthModel]:
    """One or two steps between level stretches, each with a place and a height."""
    points, costs = len(curve.heights), level_costs(curve.heights[start:])
    noise = points * curve.least_noise**2
    one = costs[0] + costs[:, -1]
    two = costs[0, :, None] + costs + costs[:, -1]
    for steps, squares in ((1, float(one.min())), (2, float(two.min()))):
        aicc = score(squares + noise, points, start + 2 + 2 * steps)
        yield GrowthModel(ModelKind.STEPS, aicc, start)


def level_costs(heights: Array) -> Array:
    """Squares around the mean of heights[i:j], infinite where that is empty."""
    sums = np.concatenate([[0.0], np.cumsum(heights)])
    squares = np.concatenate([[0.0], np.cumsum(heights**2)])
    length = np.arange(len(sums)) - np.arange(len(sums))[:, None]
    around_zero = squares - squares[:, None]
    cost = around_zero - (sums - sums[:, None]) ** 2 / np.maximum(length, 1)
    return np.where(length > 0, np.maximum(cost, 0.0), np.inf)
