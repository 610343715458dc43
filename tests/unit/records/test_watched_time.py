"""Time under watch: what the lab left out on purpose is no gap."""

import pytest
from lab.records.observations import Pause
from lab.records.watched_time import watched_seconds
from support.time_limit import time_limit


def test_without_pauses_every_moment_stays() -> None:
    assert watched_seconds([0.0, 1.5, 9.0], ()) == [0.0, 1.5, 9.0]


def test_each_moment_is_less_by_the_pauses_before_it() -> None:
    pauses = (Pause(2.0, 5.0), Pause(7.0, 8.0))

    assert watched_seconds([1.0, 6.0, 9.0], pauses) == [1.0, 3.0, 5.0]


@pytest.mark.parametrize("moment", [2.0, 3.5, 5.0])
def test_within_a_pause_no_time_passes(moment: float) -> None:
    assert watched_seconds([moment], (Pause(2.0, 5.0),)) == [2.0]


def test_pauses_that_overlap_count_each() -> None:
    pauses = (Pause(2.0, 5.0), Pause(3.0, 4.0))

    assert watched_seconds([1.0, 3.5, 9.0], pauses) == [1.0, 1.5, 5.0]


def test_pauses_without_number_cost_no_more_than_a_sort() -> None:
    """Each of them looked at by itself takes minutes."""
    pauses = [Pause(0.0, 0.0)] * 200_000
    with time_limit(20):
        assert watched_seconds([float(each) for each in range(200_000)], pauses)[-1] == 199_999.0


def test_no_moments_are_none() -> None:
    assert watched_seconds([], (Pause(2.0, 5.0),)) == []
