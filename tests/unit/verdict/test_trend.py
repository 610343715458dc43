from typing import Any

import numpy as np
import pytest
from builders import raw
from lab.records.trial import End, EndKind, LoadFit
from lab.units import MIB
from lab.verdict.trend import (
    Segment,
    Troughs,
    falls_bytes,
    fit,
    largest_rise_bytes,
    last_blocks,
    slopes_of,
    tail,
    troughs_of,
)


def troughs(*heights: int, each: int = 100, baseline: int = 0) -> Troughs:
    return Troughs(baseline, heights, tuple(each * (n + 1) for n in range(len(heights))))


def test_growth_is_settled_less_baseline() -> None:
    seen = troughs(70, 90, 80, baseline=50)
    assert (seen.settled_bytes, seen.growth_bytes, seen.total_requests) == (80, 30, 300)


def test_the_tail_is_the_second_half_with_its_anchor() -> None:
    seen = troughs(1, 2, 3, 4, 5, 6, 7, 8)
    assert tail(seen) == Segment((4, 5, 6, 7, 8), (400, 500, 600, 700, 800))
    assert tail(troughs(*range(9))).trough_bytes == (4, 5, 6, 7, 8)
    assert last_blocks(seen, 2) == Segment((6, 7, 8), (600, 700, 800))


def test_a_line_is_found_exactly_and_without_scatter() -> None:
    line = fit(Segment((1000, 1500, 2500), (10, 20, 40)))
    assert line.slope.estimate == pytest.approx(50)
    assert (line.slope.low, line.slope.high) == pytest.approx((50, 50))
    assert line.rise_bytes == pytest.approx(1500)
    assert line.scatter_bytes == pytest.approx(0, abs=1e-6)


def test_a_level_line_has_no_width_at_any_height() -> None:
    line = fit(Segment((3_000_000_001,) * 5, (100, 200, 300, 400, 500)))
    assert (line.slope.estimate, line.slope.low, line.slope.high) == (0, 0, 0)


def test_the_interval_is_students() -> None:
    # By hand: slope 0.6, residual variance 2.4 / 3, spread 10, t(0.975, 3) = 3.1824.
    line = fit(Segment((2, 4, 5, 4, 5), (1, 2, 3, 4, 5)))
    assert line.slope.estimate == pytest.approx(0.6)
    assert line.slope.high - line.slope.estimate == pytest.approx(3.182446 * (0.8 / 10) ** 0.5)
    assert line.scatter_bytes == pytest.approx(0.8**0.5)


def test_the_interval_covers_the_true_slope_as_often_as_it_says() -> None:
    random, requests = np.random.default_rng(1), (125, 250, 375, 500, 625)
    hits = 0
    for _ in range(1000):
        heights = 50 * MIB + 2048 * np.array(requests) + random.normal(0, 0.3 * MIB, 5)
        slope = fit(Segment(tuple(heights.astype(int).tolist()), requests)).slope
        hits += slope.low <= 2048 <= slope.high
    assert 930 <= hits <= 970


def test_slopes_are_those_of_each_block() -> None:
    assert slopes_of(Segment((0, 10, 10, 40), (0, 10, 30, 40))) == (1, 0, 3)


def test_rises_and_falls() -> None:
    assert largest_rise_bytes(Segment((5, 9, 3, 8), (1, 2, 3, 4))) == 5
    assert largest_rise_bytes(Segment((9, 5, 3), (1, 2, 3))) == 0
    assert falls_bytes(troughs(5, 9, 3, 8, 7)) == (0, 6, 0, 1)
    assert falls_bytes(troughs(1)) == ()


def test_requests_must_rise_and_match() -> None:
    with pytest.raises(ValueError, match="rise"):
        Troughs(0, (1, 2), (100, 100))
    with pytest.raises(ValueError, match="rise"):
        Troughs(0, (1,), (0,))
    with pytest.raises(ValueError, match="count"):
        Troughs(0, (1, 2), (100,))


@pytest.mark.parametrize(
    ("changes", "of_budget"),
    [
        ({}, False),
        ({"fit": LoadFit(4000, 1000, 0.1, 60.0, 400.0)}, True),
        ({"end": End(EndKind.COMPLETE, 100.0, out_of_time=True)}, True),
    ],
    ids=["whole", "smaller", "out-of-time"],
)
def test_a_load_that_budget_cut_is_known(changes: dict[str, Any], of_budget: bool) -> None:
    found = troughs_of(raw.trial(**changes))
    assert found is not None
    assert found.of_budget is of_budget
