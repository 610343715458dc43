import math

from lab.measure.time_left import Pace, left_seconds


def test_blocks_the_cooldowns_between_them_and_the_last_one_are_left() -> None:
    pace = Pace(block_seconds=1.0, between_seconds=2.0, last_seconds=6.0)

    assert left_seconds(1, pace) == 1 + 6
    assert left_seconds(4, pace) == 4 * 1 + 3 * 2 + 6


def test_slow_requests_leave_more_to_do_than_long_cooldowns() -> None:
    slow, fast = Pace(20.0, 1.0, 1.0), Pace(0.5, 5.5, 5.5)

    assert left_seconds(4, slow) > left_seconds(7, fast)


def test_before_the_first_block_there_is_no_end_in_sight() -> None:
    assert left_seconds(8, None) == math.inf
