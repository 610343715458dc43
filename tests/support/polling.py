"""The one way in which tests wait for what comes by itself."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(
    condition: Callable[[], T],
    seconds: float = 60.0,
    *,
    step_seconds: float = 0.005,
    transient: tuple[type[Exception], ...] = (),
) -> T:
    """The first true value of `condition`, or its last value when the time is over.

    Args:
        seconds: how long at most.
        step_seconds: between two looks.
        transient: exceptions that mean "not yet"; one that comes after the time is raised.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if value := condition():
                return value
        except transient:
            pass
        time.sleep(step_seconds)
    return condition()
