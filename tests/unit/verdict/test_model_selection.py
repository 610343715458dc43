"""The constant part: its size, and how often its interval holds the truth."""

import numpy as np
import pytest
from builders.curves import troughs
from lab.units import MIB
from lab.verdict.model_selection import MOST_POINTS, curve_of, evidence_of, thinned, trend_of
from lab.verdict.trend import Segment, tail


def test_an_even_trend_is_measured_exactly() -> None:
    trend = trend_of(troughs(np.arange(1, 13) * 1.0))
    assert trend.evidence > 10
    assert trend.slope is not None
    assert trend.slope.estimate == pytest.approx(12 * MIB / 1000, rel=1e-3)
    assert trend.scatter_bytes < 8192


def test_what_ends_has_no_constant_part() -> None:
    trend = trend_of(troughs(10 * np.minimum(1, np.arange(1, 17) / 6)))
    assert (trend.evidence < 0, trend.slope) == (True, None)


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
