"""A time limit for code that a hostile input could keep busy for minutes."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    """The test fails where the code below takes longer."""
    before = signal.signal(signal.SIGALRM, lambda *_: pytest.fail("it takes too long"))
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
