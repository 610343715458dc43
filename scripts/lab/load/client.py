"""The load: a closed loop with exact counts and fixed concurrency, on one asyncio loop.

The client is a bare protocol on uvloop, because whatever it costs is taken from the CPUs that
the servers run on. Connections go to one address that is resolved beforehand.
"""

import asyncio
import contextlib
import socket
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import cast

import numpy as np

from lab.load.request import EncodedRequest, Request, RequestSource
from lab.load.response_reader import AnswerReader, ProtocolFault
from lab.records.observations import Block
from lab.records.variant import Connection

REQUEST_TIMEOUT_SECONDS = 60.0
"""Longer than 200 queued requests of 20 ms on a busy core take; a hang is not a slow answer."""
RETRY_DELAY_SECONDS = 0.05
"""After a refused connection, so that a dead server is not hammered at full speed."""
COMPANION_PAUSE_SECONDS = 0.1
"""From one of the companion's answers to its next request: it watches, and loads nothing."""
WITHOUT_END = sys.maxsize


@dataclass(frozen=True, slots=True)
class Target:
    """Where the load goes, and what is asked there."""

    address: str
    port: int
    host: str
    exchange: RequestSource

    def asking(self, exchange: RequestSource) -> "Target":
        """The same place, asked something else."""
        return replace(self, exchange=exchange)


@dataclass(slots=True)
class Tally:
    """Counts while a block runs; `on_progress` hears of every completed request."""

    sent: int = 0
    ok: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    latencies_seconds: list[float] = field(default_factory=list)
    on_progress: Callable[[], None] = lambda: None

    def succeed(self, seconds: float) -> None:
        self.ok += 1
        self.latencies_seconds.append(seconds)
        self.on_progress()

    def fail(self, kind: str) -> None:
        self.failures[kind] += 1
        self.on_progress()


def failure_kind(error: BaseException) -> str:
    """A failed request's kind, from a closed set of words."""
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, asyncio.TimeoutError | TimeoutError):
        return "timeout"
    if isinstance(error, ProtocolFault):
        return "not-http"
    if isinstance(error, ConnectionError):
        return "reset"
    return "unreachable"


class Flow(asyncio.Protocol):
    """One of the concurrent clients: a request at a time, over one connection after another.

    It runs in the loop's callbacks; a task and a future a request would cost as much as the rest.
    """

    def __init__(self, run: "Run") -> None:
        self.run = run
        self.transport: asyncio.Transport | None = None
        self.connecting: asyncio.Task[None] | None = None
        self.reader = AnswerReader()
        self.asked_at: float | None = None
        """When the request in flight began (perf_counter); None between requests."""
        self.wire: EncodedRequest | None = None
        """The request in flight, or the last one."""

    def next_request(self) -> None:
        """Send the next request of the block's budget, or end with it."""
        run = self.run
        if run.left == 0:
            self.drop()
            run.flow_ended()
            return
        run.left -= 1
        run.tally.sent += 1
        self.wire = next(run.wires)
        self.asked_at = time.perf_counter()
        if self.transport is not None and self.wire.data is not None:
            self.send()
            return
        self.drop()
        self.connecting = run.loop.create_task(self.connect())

    def send(self) -> None:
        assert self.transport is not None
        assert self.wire is not None
        self.reader.bodiless = self.wire.bodiless
        if self.wire.data is None:
            self.run.loop.call_soon(self.touched)
        else:
            self.transport.write(self.wire.data)

    def touched(self) -> None:
        """A connection that was wanted for itself is there."""
        if self.asked_at is None:
            return
        self.run.tally.succeed(time.perf_counter() - self.asked_at)
        self.asked_at = None
        self.drop()
        self.next_request()

    async def connect(self) -> None:
        run = self.run
        try:
            await run.loop.create_connection(lambda: self, run.target.address, run.target.port)
        except OSError as error:
            self.fail(error)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.connecting = None
        self.transport = cast(asyncio.Transport, transport)
        self.reader = AnswerReader()
        self.send()

    def data_received(self, data: bytes) -> None:
        if self.asked_at is None:
            return
        try:
            whole = self.reader.feed(data)
        except ProtocolFault as error:
            self.fail(error)
            return
        if whole:
            self.succeed(keep=self.reader.keep_alive)

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        if self.asked_at is None:
            return
        if exc is None and self.reader.end():
            self.succeed(keep=False)
        else:
            self.fail(exc or ConnectionResetError("closed before the answer was whole"))

    def succeed(self, *, keep: bool) -> None:
        assert self.asked_at is not None
        assert self.wire is not None
        seconds, self.asked_at = time.perf_counter() - self.asked_at, None
        if self.reader.status in self.wire.ok_statuses:
            self.run.tally.succeed(seconds)
        else:
            self.run.tally.fail(f"status-{self.reader.status}")
        if not keep or not self.wire.keep:
            self.drop()
        self.next_request()

    def fail(self, error: BaseException) -> None:
        self.asked_at = None
        self.drop()
        kind = failure_kind(error)
        self.run.tally.fail(kind)
        if kind in ("refused", "unreachable"):
            self.run.loop.call_later(RETRY_DELAY_SECONDS, self.next_request)
        else:
            self.run.loop.call_soon(self.next_request)

    def drop(self) -> None:
        """Let go of the connection; what still arrives on it is nobody's."""
        if self.connecting is not None:
            self.connecting.cancel()
            self.connecting = None
        if self.transport is not None:
            self.transport.set_protocol(asyncio.Protocol())
            self.transport.abort()
            self.transport = None


class PacedFlow(Flow):
    """A client that rests before each request but its first."""

    def next_request(self) -> None:
        pause_seconds = COMPANION_PAUSE_SECONDS if self.run.tally.sent else 0.0
        self.run.loop.call_later(pause_seconds, super().next_request)


class Run:
    """One block under way."""

    flow_kind = Flow

    def __init__(self, target: Target, requests: int, connection: Connection, tally: Tally) -> None:
        self.loop = asyncio.get_running_loop()
        self.target, self.left, self.tally = target, requests, tally
        self.wires = target.exchange.wires(target.host, connection)
        self.ended = asyncio.Event()
        self.flows: list[Flow] = []
        self.going = 0

    async def run(self, concurrency: int) -> None:
        """Until every request has its outcome; leaves no connection, also when cancelled."""
        self.flows = [self.flow_kind(self) for _ in range(concurrency)]
        self.going = concurrency
        for flow in self.flows:
            flow.next_request()
        try:
            while not self.ended.is_set():
                await self.wait_a_while()
                self.expire()
        finally:
            self.left = 0
            for flow in self.flows:
                flow.asked_at = None
                flow.drop()
            # The loop closes what was let go in its next turn.
            await asyncio.sleep(0)

    async def wait_a_while(self) -> None:
        seconds = min(1.0, REQUEST_TIMEOUT_SECONDS / 2)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.ended.wait(), seconds)

    def expire(self) -> None:
        oldest = time.perf_counter() - REQUEST_TIMEOUT_SECONDS
        for flow in self.flows:
            if flow.asked_at is not None and flow.asked_at < oldest:
                flow.fail(asyncio.TimeoutError())

    def flow_ended(self) -> None:
        self.going -= 1
        if self.going == 0:
            self.ended.set()


class Companion(Run):
    """A second endpoint, asked one request at a time while the block runs."""

    flow_kind = PacedFlow

    def __init__(self, target: Target, connection: Connection) -> None:
        super().__init__(target, WITHOUT_END, connection, Tally())

    def no_more(self) -> None:
        """The request in flight is waited for: what it meets is the block's doing."""
        self.left = 0


@contextlib.asynccontextmanager
async def accompanied(
    target: Target, exchange: Request | None, connection: Connection
) -> AsyncIterator[Tally]:
    """Ask for `exchange` meanwhile; the tally is whole when the block under it is left."""
    if exchange is None:
        yield Tally()
        return
    companion = Companion(target.asking(exchange), connection)
    work = asyncio.ensure_future(companion.run(1))
    try:
        yield companion.tally
        companion.no_more()
        await work
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


def latency_quantiles(latencies_seconds: list[float]) -> dict[str, float]:
    """p50, p95 and maximum in seconds; empty without a completed request."""
    if not latencies_seconds:
        return {}
    p50, p95, top = np.quantile(np.asarray(latencies_seconds), (0.5, 0.95, 1.0))
    return {"p50": float(p50), "p95": float(p95), "max": float(top)}


async def run_block(
    target: Target,
    *,
    index: int,
    requests: int,
    concurrency: int,
    connection: Connection,
    on_progress: Callable[[], None] = lambda: None,
    companion: Request | None = None,
) -> Block:
    """Send exactly `requests` requests, never more than `concurrency` at once.

    Args:
        companion: asked for meanwhile, and counted apart.

    Returns:
        The block with its counts; failures are counted by kind, never raised.
    """
    tally = Tally(on_progress=on_progress)
    async with accompanied(target, companion, connection) as beside:
        started, started_cpu, started_at = time.perf_counter(), time.process_time(), time.time()
        await Run(target, requests, connection, tally).run(min(concurrency, requests))
        elapsed = max(time.perf_counter() - started, 1e-9)
        ended_at, busy = time.time(), (time.process_time() - started_cpu) / elapsed
    return Block(
        index=index,
        started_at_seconds=started_at,
        ended_at_seconds=ended_at,
        sent=tally.sent,
        ok=tally.ok,
        failures=dict(tally.failures),
        latency_seconds=latency_quantiles(tally.latencies_seconds),
        driver_busy=busy,
        companion_seconds=latency_quantiles(beside.latencies_seconds),
        companion_requests=companion_counts(beside),
    )


def companion_counts(tally: Tally) -> dict[str, int]:
    """Empty where there was no companion."""
    return {"ok": tally.ok, "failed": tally.failures.total()} if tally.sent else {}


def resolve(host: str, port: int) -> str:
    """The IPv4 address of a host.

    Raises:
        OSError: the name is not known.
    """
    infos = socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_STREAM)
    return str(infos[0][4][0])
