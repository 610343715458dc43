"""A job that a signal ends; what the signal did before it does again afterwards."""

import signal

import pytest
from lab.measure.interruption import only_once, run_until_signal


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_after_the_job_a_signal_has_its_earlier_handler(number: signal.Signals) -> None:
    async def nothing() -> None:
        return None

    heard: list[int] = []
    before = signal.signal(number, lambda received, _: heard.append(received))
    try:
        assert run_until_signal(nothing()) is False
        signal.raise_signal(number)
    finally:
        signal.signal(number, before)

    assert heard == [number]


def test_a_second_interruption_does_not_cut_the_clean_up_short() -> None:
    called: list[int] = []
    interrupt = only_once(lambda: called.append(1))
    interrupt()
    interrupt()

    assert called == [1]
