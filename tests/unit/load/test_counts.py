"""Counts of a block: quantiles of latencies, and the kinds of failures."""

import pytest
from lab.load.counts import BlockCounts, failure_kind
from lab.load.response_reader import ProtocolError, ResponseTooLarge


def test_without_a_latency_there_are_no_quantiles() -> None:
    assert BlockCounts().latency_quantiles() == {}


def test_quantiles() -> None:
    counts = BlockCounts(latencies_seconds=[step / 100 for step in range(101)])

    assert counts.latency_quantiles() == pytest.approx({"p50": 0.5, "p95": 0.95, "max": 1.0})


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ConnectionRefusedError(), "refused"),
        (ConnectionResetError(), "reset"),
        (BrokenPipeError(), "reset"),
        (TimeoutError(), "timeout"),
        (OSError("no route to host"), "unreachable"),
        (ProtocolError(), "not-http"),
        (ResponseTooLarge(), "too-large"),
    ],
)
def test_kinds_of_failure(error: Exception, kind: str) -> None:
    assert failure_kind(error) == kind
