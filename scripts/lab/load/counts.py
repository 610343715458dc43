"""The counts of a block while it runs: completed requests, failures by kind, latencies."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from lab.load.response_reader import ProtocolError, ResponseTooLarge


@dataclass(slots=True)
class BlockCounts:
    """What the clients of a block count; `on_progress` is called for every completed request."""

    sent: int = 0
    ok: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    latencies_seconds: list[float] = field(default_factory=list)
    on_progress: Callable[[], None] = lambda: None

    def count_success(self, seconds: float) -> None:
        self.ok += 1
        self.latencies_seconds.append(seconds)
        self.on_progress()

    def count_failure(self, kind: str) -> None:
        self.failures[kind] += 1
        self.on_progress()

    def latency_quantiles(self) -> dict[str, float]:
        """p50, p95 and maximum in seconds; empty without a successful request."""
        if not self.latencies_seconds:
            return {}
        p50, p95, top = np.quantile(np.asarray(self.latencies_seconds), (0.5, 0.95, 1.0))
        return {"p50": float(p50), "p95": float(p95), "max": float(top)}

    def ok_and_failed(self) -> dict[str, int]:
        """`ok` and `failed` requests; empty when none was sent."""
        return {"ok": self.ok, "failed": self.failures.total()} if self.sent else {}


def failure_kind(error: BaseException) -> str:
    """The kind of a failed request, from a closed set of words."""
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, asyncio.TimeoutError | TimeoutError):
        return "timeout"
    if isinstance(error, ProtocolError):
        return "not-http"
    if isinstance(error, ResponseTooLarge):
        return "too-large"
    if isinstance(error, ConnectionError):
        return "reset"
    return "unreachable"
