"""A limit of CPU time for code that a hostile input could keep busy for minutes."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

ADDITIONS, ADDITIONS_SECONDS = 20_000, 0.002
"""What a core of the machine that the limits were set on does in so long."""


class TooLong(BaseException):
    """An exception of no class that the code below may catch."""


def raise_too_long(*_: object) -> None:
    raise TooLong


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """The test fails where the code below takes more of a core, however busy or slow that is.

    Args:
        seconds: of a core that adds ten million numbers a second; a slower one has more.
    """
    before = signal.signal(signal.SIGPROF, raise_too_long)
    try:
        signal.setitimer(signal.ITIMER_PROF, seconds * max(1.0, slowness()))
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
    except TooLong:
        # Not where the signal came: pytest cannot show a frame that is between two lines.
        pytest.fail("it takes too long")
    finally:
        signal.signal(signal.SIGPROF, before)


def slowness() -> float:
    """How many times longer than there this core takes now."""
    began, total = time.process_time(), 0
    for number in range(ADDITIONS):
        total += number
    return (time.process_time() - began) / ADDITIONS_SECONDS
