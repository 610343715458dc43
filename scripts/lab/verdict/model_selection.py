"""Whether growth has no end: the best model that leaks against the best that ends."""

from dataclasses import dataclass
from functools import lru_cache
from math import sqrt

import numpy as np

from lab.records.judgement import Interval
from lab.units import MIB
from lab.verdict.growth_models import (
    CORRELATIONS,
    TIME_CONSTANTS,
    Array,
    GrowthModel,
    ModelKind,
    TroughCurve,
    fitted_models,
    leak_columns,
    stretch_shares,
    whitened,
)
from lab.verdict.student import CONFIDENCE
from lab.verdict.trend import Segment, Troughs

# Local processes are stable to within a few pages; nothing is known better than that.
LEAST_NOISE_BYTES = 0.02 * MIB

# Estimated with a trend, the correlation comes out too small by about this over the points.
CORRELATION_BIAS = 3.0

# Three loads of 32 blocks: more would cost memory by the square, and say hardly more.
MOST_POINTS = 97

RESAMPLES = 400
BOOTSTRAP_SEED = 596


@dataclass(frozen=True, slots=True)
class Trend:
    """The part of the growth that does not die away, as the best leaking model has it."""

    leak: GrowthModel
    evidence: float
    """AICc by which it explains the troughs better than all models that end; negative: worse."""
    slope: Interval | None
    """Bytes a request of the constant part, by bootstrap; None where growth that ends wins."""
    rise_bytes: float
    """Rise in bytes from the first explained trough to the last."""
    scatter_bytes: float
    """Standard deviation around the model."""


@lru_cache(maxsize=128)
def trend_of(troughs: Troughs) -> Trend:
    """The trend of at least eight troughs.

    A trial is judged for its verdict, its cause and its report, and in a bundle once more.
    """
    curve = curve_of(troughs.whole, troughs.workers)
    leak, other = rivals(curve)
    heights = curve.heights[leak.start :]
    evidence = other.score - leak.score
    part = constant_part(curve, leak) if evidence > 0 else None
    return Trend(
        leak,
        evidence,
        part and scaled(part, MIB / troughs.total_requests),
        float(heights[-1] - heights[0]) * MIB,
        float(np.std(heights - fitted_heights(curve, leak))) * MIB,
    )


@lru_cache(maxsize=128)
def evidence_of(stretch: Segment, workers: int) -> float:
    """AICc by which a leaking model explains one stretch alone better than one that ends."""
    leak, other = rivals(curve_of(stretch, workers))
    return other.score - leak.score


def rivals(curve: TroughCurve) -> tuple[GrowthModel, GrowthModel]:
    """The best model that leaks, and the best of those that end."""
    models = fitted_models(curve).values()
    leak = min((one for one in models if one.kind.leaks), key=_score)
    return leak, min((one for one in models if not one.kind.leaks), key=_score)


def thinned(stretch: Segment) -> Segment:
    """Every n-th trough, counted from the last, of a stretch of very many."""
    each = -(-len(stretch.requests) // MOST_POINTS)
    last = (len(stretch.requests) - 1) % each
    return Segment(stretch.trough_bytes[last::each], stretch.requests[last::each])


def curve_of(stretch: Segment, workers: int) -> TroughCurve:
    """MiB above the first trough, over the share of the stretch."""
    stretch = thinned(stretch)
    requests = np.asarray(stretch.requests) - stretch.requests[0]
    shares = np.round(requests / requests[-1], 3)
    heights = (np.asarray(stretch.trough_bytes) - stretch.trough_bytes[0]) / MIB
    return TroughCurve(tuple(shares.tolist()), heights, LEAST_NOISE_BYTES / MIB * sqrt(workers))


def constant_part(curve: TroughCurve, leak: GrowthModel) -> Interval:
    """The rise of the constant part over the whole curve, with its interval by bootstrap.

    The innovations are drawn again, with the correlation that was estimated and what such an
    estimate falls short by; every resample chooses its own time constant.
    """
    shares, heights = stretch_shares(curve.shares, leak.start), curve.heights[leak.start :]
    span = curve.shares[-1] - curve.shares[leak.start]
    estimate = lines(shares, heights[None, :], leak.kind)[0] / span
    fitted = fitted_heights(curve, leak)
    noise = resampled(curve, leak, heights - fitted)
    slopes = lines(shares, fitted + noise, leak.kind) / span
    low, high = np.quantile(slopes - slopes.mean(), [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(float(estimate), float(estimate + low), float(estimate + high))


def fitted_heights(curve: TroughCurve, leak: GrowthModel) -> Array:
    """The model's own heights, fitted with the correlation of its noise."""
    heights = curve.heights[leak.start :]
    columns = leak_columns(stretch_shares(curve.shares, leak.start), leak.time_constant)
    white = whitened(columns, leak.correlation)
    weights = np.linalg.lstsq(white, whitened(heights, leak.correlation), rcond=None)[0]
    return np.asarray(columns @ weights)


def correlation_of(residuals: Array, leak: GrowthModel) -> float:
    """Correlation of the residuals from one block to the next, less the bias of the estimate."""
    squares = float(residuals @ residuals)
    measured = float(residuals[1:] @ residuals[:-1]) / squares if squares else 0.0
    raised = max(measured, leak.correlation) + CORRELATION_BIAS / len(residuals)
    return min(CORRELATIONS[-1], max(0.0, raised))


def resampled(curve: TroughCurve, leak: GrowthModel, residuals: Array) -> Array:
    """Noise drawn again from the residuals: one row a resample."""
    correlation = correlation_of(residuals, leak)
    fresh = whitened(residuals, correlation)
    free = max(1, len(fresh) - (2 if leak.time_constant is None else 3))
    fresh = (fresh - fresh.mean()) * sqrt(len(fresh) / free)
    random = np.random.default_rng(BOOTSTRAP_SEED)
    noise = random.choice(fresh, (RESAMPLES, len(fresh)))
    noise += random.normal(0, curve.least_noise, noise.shape)
    noise[:, 0] /= sqrt(1 - correlation**2)
    for point in range(1, len(fresh)):
        noise[:, point] += correlation * noise[:, point - 1]
    return noise


def lines(shares: Array, heights: Array, kind: ModelKind) -> Array:
    """The slope of each row's line, fitted together with the dying part where the model has one."""
    bases, to_slopes = line_fits(tuple(shares.tolist()), kind is ModelKind.BOTH)
    explained = (np.matmul(heights, bases) ** 2).sum(axis=2)
    slopes = heights @ to_slopes
    return np.asarray(slopes[np.arange(len(heights)), explained.argmax(axis=0)])


@lru_cache(maxsize=512)
def line_fits(shares: tuple[float, ...], has_dying_part: bool) -> tuple[Array, Array]:
    """For every time constant: orthonormal columns of its fit, and what makes heights a slope.

    Time constants x points x columns, and points x time constants.
    """
    constants = TIME_CONSTANTS if has_dying_part else (None,)
    columns = np.stack([leak_columns(np.asarray(shares), constant) for constant in constants])
    return np.asarray(np.linalg.qr(columns)[0]), np.asarray(np.linalg.pinv(columns)[:, 1].T)


def scaled(interval: Interval, factor: float) -> Interval:
    """The interval times a factor, in another unit."""
    return Interval(interval.estimate * factor, interval.low * factor, interval.high * factor)


def _score(model: GrowthModel) -> float:
    return model.score
