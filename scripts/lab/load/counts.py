"""The counts of a block while it runs: completed requests, failures by kind, latencies."""

import asyncio
import re
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from lab.load.response_reader import HEAD_END, LINE_END, ProtocolError, ResponseTooLarge
from lab.records.observations import KindCounts

CHUNK_LINE = re.compile(rb"\r\n[0-9a-fA-F]+\r\n")
MOST_REFUSED_BYTES = 300
"""How much is kept, and told, of the first body that was refused."""


@dataclass(slots=True)
class CountsOfKind:
    """What the clients count of one kind of request."""

    outcomes: Counter[str] = field(default_factory=Counter)
    failed: int = 0
    body_bytes: int = 0
    first_refused: str = ""

    def frozen(self) -> KindCounts:
        return KindCounts(dict(self.outcomes), self.failed, self.body_bytes, self.first_refused)


@dataclass(slots=True)
class BlockCounts:
    """What the clients of a block count."""

    sent: int = 0
    ok: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    latencies_seconds: list[float] = field(default_factory=list)
    kinds: dict[str, CountsOfKind] = field(default_factory=dict)

    def of(self, kind: str) -> CountsOfKind:
        """The counts of one kind of request."""
        counts = self.kinds.get(kind)
        if counts is None:
            counts = self.kinds[kind] = CountsOfKind()
        return counts

    def count_success(self, seconds: float) -> None:
        self.ok += 1
        self.latencies_seconds.append(seconds)

    def count_failure(self, kind: str) -> None:
        self.failures[kind] += 1

    def outcomes(self) -> int:
        """How many requests have ended, served or not."""
        return self.ok + self.failures.total()

    def latency_quantiles(self) -> dict[str, float]:
        """p50, p95 and maximum in seconds; empty without a successful request."""
        if not self.latencies_seconds:
            return {}
        p50, p95, top = np.quantile(np.asarray(self.latencies_seconds), (0.5, 0.95, 1.0))
        return {"p50": float(p50), "p95": float(p95), "max": float(top)}

    def ok_and_failed(self) -> dict[str, int]:
        """`ok` and `failed` requests; empty when none was sent."""
        return {"ok": self.ok, "failed": self.failures.total()} if self.sent else {}


def refused_text(response: bytes) -> str:
    """The beginning of a response's body as a text on one line."""
    head, _, body = response.partition(HEAD_END)
    if b"\r\ntransfer-encoding: chunked" in head.lower():
        body = CHUNK_LINE.sub(b"", body.partition(LINE_END)[2])
    text = body[:MOST_REFUSED_BYTES].decode(errors="replace")
    return " ".join(text.split())


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
