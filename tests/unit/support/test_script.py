"""The curves of a script; the engine that plays them keeps the contract of all engines."""

from collections.abc import Callable

import pytest
from support.script import value_at


@pytest.mark.parametrize(
    ("curve", "reading", "served", "value"),
    [
        ((1, 2, 3), 0, 99, 1),
        ((1, 2, 3), 2, 99, 3),
        ((1, 2, 3), 50, 99, 3),
        (lambda served: served * 2, 50, 7, 14),
    ],
)
def test_a_curve_is_a_value_a_reading_or_a_function_of_requests(
    curve: tuple[int, ...] | Callable[[int], int], reading: int, served: int, value: int
) -> None:
    assert value_at(curve, reading, served) == value
