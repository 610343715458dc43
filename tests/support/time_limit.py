"""A limit of CPU time for code that a hostile input could keep busy for minutes."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """The test fails where the code below takes more of a core, however busy the machine is."""
    before = signal.signal(signal.SIGPROF, lambda *_: pytest.fail("it takes too long"))
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
