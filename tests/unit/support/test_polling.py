"""Waiting gives the first true value, the last one after the time, and passes named errors by."""

from collections.abc import Callable

import pytest
from support.polling import wait_until


def one_after_the_other(*values: object) -> Callable[[], object]:
    left = list(values)

    def next_value() -> object:
        value = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(value, Exception):
            raise value
        return value

    return next_value


def test_the_first_true_value_comes_back() -> None:
    assert wait_until(one_after_the_other(0, "", "here", "later"), step_seconds=0.0) == "here"


def test_when_the_time_is_over_the_last_value_comes_back() -> None:
    assert wait_until(one_after_the_other(0, ""), 0.01, step_seconds=0.0) == ""


def test_a_transient_error_means_not_yet() -> None:
    condition = one_after_the_other(OSError("not yet"), "here")

    assert wait_until(condition, step_seconds=0.0, transient=(OSError,)) == "here"


def test_a_transient_error_is_raised_when_the_time_is_over() -> None:
    with pytest.raises(OSError, match="never"):
        wait_until(one_after_the_other(OSError("never")), 0.01, transient=(OSError,))


def test_any_other_error_is_raised_at_once() -> None:
    with pytest.raises(ValueError, match="broken"):
        wait_until(one_after_the_other(ValueError("broken"), True), transient=(OSError,))
