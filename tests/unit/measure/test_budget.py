"""How much load the time for a judgement holds."""

import time

import pytest
from lab.measure.budget import Budget

BUDGET = Budget(180.0, 0.0)


@pytest.mark.parametrize(
    ("asked", "request_seconds", "requests"),
    [(4000, 0.002, None), (4000, 0.015, None), (4000, 0.057, 1052), (4000, 0.15, 400)],
)
def test_a_slow_app_gets_as_many_requests_as_a_third_of_the_time_holds(
    asked: int, request_seconds: float, requests: int | None
) -> None:
    fit = BUDGET.fit(asked, 8, request_seconds)

    assert (fit and fit.requests) == requests


@pytest.mark.parametrize(
    ("request_seconds", "requests", "of_few"),
    [(0.2, 400, None), (0.3, 400, None), (0.4, 300, None), (2.0, 60, 60)],
)
def test_a_slower_app_gets_the_least_that_decides_where_two_thirds_of_the_time_hold_it(
    request_seconds: float, requests: int, of_few: int | None
) -> None:
    fit = BUDGET.fit(4000, 8, request_seconds)

    assert fit is not None
    assert fit.requests == requests
    few = BUDGET.fit(100, 8, request_seconds)
    assert (few and few.requests) == of_few


def test_each_block_has_a_request_however_slow() -> None:
    fit = BUDGET.fit(4000, 8, 60.0)

    assert fit is not None
    assert fit.requests == 8


def test_the_time_that_would_hold_all_is_told() -> None:
    fit = BUDGET.fit(4000, 8, 0.1)

    assert fit is not None
    assert fit.whole_budget_seconds == pytest.approx(1200)
    assert Budget(fit.whole_budget_seconds + 1, 0.0).fit(4000, 8, 0.1) is None


def test_a_block_may_take_its_share_of_what_is_left_and_a_little_when_nothing_is() -> None:
    now = time.monotonic()

    assert Budget(80.0, now).block_seconds(8) == pytest.approx(10.0, abs=0.1)
    assert Budget(80.0, now - 100).block_seconds(3) == 5.0
    assert Budget(80.0, now).block_seconds(0) == pytest.approx(80.0, abs=0.1)


def test_more_load_is_added_while_it_ends_in_time() -> None:
    now = time.monotonic()

    assert Budget(60.0, now).allows(30.0)
    assert not Budget(60.0, now - 40.0).allows(30.0)
