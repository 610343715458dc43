"""The timer of a test that hangs is set anew every few seconds, and after each failure."""

import faulthandler

import pytest
from support.hang_watch import RENEWED_SECONDS, HangWatch


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How many seconds the timer was set to, each time."""
    given: list[float] = []
    monkeypatch.setattr(
        faulthandler, "dump_traceback_later", lambda seconds, **_: given.append(seconds)
    )
    return given


def test_it_is_renewed_when_some_seconds_are_over(given: list[float]) -> None:
    watch, now = HangWatch(120), [1000.0]
    watch.now_seconds = lambda: now[0]
    for step in (0.0, RENEWED_SECONDS / 2, RENEWED_SECONDS / 2, 1.0):
        now[0] += step
        watch.begin_test()

    assert given == [120, 120]


def test_what_pytest_cancels_is_set_with_the_next_test(given: list[float]) -> None:
    watch = HangWatch(120)
    watch.begin_test()
    watch.renew()
    watch.begin_test()

    assert given == [120, 120]
