"""The constant part: its size, and how often its interval holds the truth."""

import numpy as np
import pytest
from lab.verdict.growth_models import Array
from lab.verdict.model_selection import MOST_POINTS, curve_of, evidence_of, thinned, trend_of
from lab.verdict.trend import Segment, Troughs, tail

MIB = 1024 * 1024


def troughs(heights: Array, requests: int = 1000) -> Troughs:
    blocks = len(heights)
    each = tuple(requests * (block + 1) // blocks for block in range(blocks))
    return Troughs(40 * MIB, tuple(round((40 + height) * MIB) for height in heights), each)


def noise(count: int, spread: float, memory: float, random: np.random.Generator) -> Array:
    found = random.normal(0, spread, count)
    for block in range(1, count):
        found[block] = memory * found[block - 1] + np.sqrt(1 - memory**2) * found[block]
    return found


def test_an_even_trend_is_measured_exactly() -> None:
    trend = trend_of(troughs(np.arange(1, 13) * 1.0))
    assert trend.evidence > 10
    assert trend.slope is not None
    assert trend.slope.estimate == pytest.approx(12 * MIB / 1000, rel=1e-3)
    assert trend.scatter_bytes < 8192


def test_what_ends_has_no_constant_part() -> None:
    trend = trend_of(troughs(10 * np.minimum(1, np.arange(1, 17) / 6)))
    assert (trend.evidence < 0, trend.slope) == (True, None)


@pytest.mark.parametrize(("memory", "held"), [(0.0, 0.95), (0.6, 0.85)])
@pytest.mark.parametrize("blocks", [8, 16, 24])
def test_how_often_the_interval_holds_the_truth(blocks: int, memory: float, held: float) -> None:
    """As often as it says; less often where the noise remembers, which few blocks cannot tell."""
    random, hits, seen = np.random.default_rng(5), 0, 0
    for _ in range(100):
        heights = 0.5 * np.arange(1, blocks + 1) + noise(blocks, 0.2, memory, random)
        slope = trend_of(troughs(heights)).slope
        if slope is not None:
            seen += 1
            hits += slope.low <= 0.5 * blocks * MIB / 1000 <= slope.high
    assert seen >= 90
    assert hits / seen >= held


def test_the_tail_alone_tells_a_slow_end_from_a_leak() -> None:
    done = np.arange(1, 25) / 24
    dying, leaking = 100 * done / (done + 0.05), 50 * np.minimum(1, done / 0.1) + 10 * done
    assert evidence_of(tail(troughs(dying)), workers=1) < 0
    assert evidence_of(tail(troughs(leaking)), workers=1) > 10


def test_very_many_troughs_are_thinned_from_the_last() -> None:
    many = Segment(tuple(range(1001)), tuple(range(1001)))
    few = thinned(many)
    assert len(few.requests) <= MOST_POINTS
    assert (few.requests[-1], few.requests[-2]) == (1000, 989)
    short = Segment((1, 2, 3), (0, 1, 2))
    assert thinned(short) == short


def test_a_curve_begins_at_nothing() -> None:
    curve = curve_of(Segment((50 * MIB, 51 * MIB, 53 * MIB), (100, 200, 300)), workers=4)
    assert (curve.shares, list(curve.heights)) == ((0.0, 0.5, 1.0), [0, 1, 3])
    assert curve.least_noise == pytest.approx(0.04)
