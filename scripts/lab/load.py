"""The load: a closed loop with exact counts and fixed concurrency, on one asyncio loop.

The client is a bare protocol on uvloop, because whatever it costs is taken from the CPUs that
the servers run on. Connections go to one address that is resolved beforehand.
"""

import asyncio
import contextlib
import socket
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import numpy as np

from lab.answer_reader import AnswerReader, ProtocolFault
from lab.model import Block, Connection

REQUEST_TIMEOUT_SECONDS = 60.0
"""Longer than 200 queued requests of 20 ms on a busy core take; a hang is not a slow answer."""
RETRY_DELAY_SECONDS = 0.05
"""After a refused connection, so that a dead server is not hammered at full speed."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where the load goes: one endpoint of one variant."""

    address: str
    port: int
    path: str
    host: str

    def request_bytes(self, connection: Connection) -> bytes:
        lines = (
            f"GET {self.path} HTTP/1.1",
            f"Host: {self.host}",
            f"Connection: {connection.value}",
        )
        return "\r\n".join((*lines, "", "")).encode("ascii")


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


class Exchange(asyncio.Protocol):
    """One connection; `done` gets the status code of the request in flight, or an error."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.done: asyncio.Future[int] | None = None
        self.reader = AnswerReader()
        self.open = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def ask(self, request: bytes, done: "asyncio.Future[int]") -> None:
        assert self.transport is not None
        self.done = done
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        try:
            whole = self.reader.feed(data)
        except ProtocolFault as error:
            self.fail(error)
            return
        if whole:
            self.open = self.open and self.reader.keep_alive
            self.succeed()

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False
        if exc is None and self.reader.end():
            self.succeed()
        else:
            self.fail(exc or ConnectionResetError("closed before the answer was whole"))

    def succeed(self) -> None:
        if self.done is not None and not self.done.done():
            self.done.set_result(self.reader.status)

    def fail(self, error: Exception) -> None:
        if self.done is not None and not self.done.done():
            self.done.set_exception(error)

    def close(self) -> None:
        if self.transport is not None:
            self.transport.close() if self.open else self.transport.abort()


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


class Client:
    """One of the concurrent clients: a request at a time, until the shared count is used up."""

    def __init__(self, target: Target, connection: Connection, tally: Tally) -> None:
        self.target = target
        self.tally = tally
        self.keep = connection is Connection.KEEP_ALIVE
        self.request = target.request_bytes(connection)
        self.exchange: Exchange | None = None

    async def run(self, budget: list[int]) -> None:
        while budget[0] > 0:
            budget[0] -= 1
            self.tally.sent += 1
            await self.once()
        self.drop()

    async def once(self) -> None:
        started = time.perf_counter()
        try:
            status = await self.fetch()
        except (OSError, asyncio.TimeoutError, ProtocolFault) as error:
            self.drop()
            kind = failure_kind(error)
            self.tally.fail(kind)
            if kind in ("refused", "unreachable"):
                await asyncio.sleep(RETRY_DELAY_SECONDS)
            return
        if 200 <= status < 300:
            self.tally.succeed(time.perf_counter() - started)
        else:
            self.tally.fail(f"status-{status}")
        if not (self.keep and self.exchange and self.exchange.open):
            self.drop()

    async def fetch(self) -> int:
        loop = asyncio.get_running_loop()
        deadline = Deadline(loop)
        try:
            if self.exchange is None:
                self.exchange = await self.connect(loop)
            done: asyncio.Future[int] = loop.create_future()
            self.exchange.ask(self.request, done)
            return await done
        except asyncio.CancelledError:
            if deadline.passed:
                raise asyncio.TimeoutError from None
            raise
        finally:
            deadline.cancel()

    async def connect(self, loop: asyncio.AbstractEventLoop) -> Exchange:
        address = (self.target.address, self.target.port)
        _, exchange = await loop.create_connection(Exchange, *address)
        return exchange

    def drop(self) -> None:
        if self.exchange is not None:
            self.exchange.close()
            self.exchange = None


class Deadline:
    """Cancels the current task when a request takes too long; a task a request costs too much."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.passed = False
        self.task = asyncio.current_task()
        self.handle = loop.call_later(REQUEST_TIMEOUT_SECONDS, self.expire)

    def expire(self) -> None:
        self.passed = True
        if self.task is not None:
            self.task.cancel()

    def cancel(self) -> None:
        self.handle.cancel()


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
) -> Block:
    """Send exactly `requests` requests, never more than `concurrency` at once.

    Returns:
        The block with its counts; failures are counted by kind, never raised.
    """
    tally, budget = Tally(on_progress=on_progress), [requests]
    started, started_cpu, started_at = time.perf_counter(), time.process_time(), time.time()
    clients = [Client(target, connection, tally) for _ in range(min(concurrency, requests))]
    tasks = [asyncio.ensure_future(client.run(budget)) for client in clients]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)
        for client in clients:
            client.drop()
    elapsed = max(time.perf_counter() - started, 1e-9)
    return Block(
        index=index,
        started_at_seconds=started_at,
        ended_at_seconds=time.time(),
        sent=tally.sent,
        ok=tally.ok,
        failures=dict(tally.failures),
        latency_seconds=latency_quantiles(tally.latencies_seconds),
        driver_busy=(time.process_time() - started_cpu) / elapsed,
    )


def resolve(host: str, port: int) -> str:
    """The IPv4 address of a host.

    Raises:
        OSError: the name is not known.
    """
    infos = socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_STREAM)
    return str(infos[0][4][0])
