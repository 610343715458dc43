"""One block of load: an exact number of requests at a fixed concurrency, on one asyncio loop."""

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from lab.clock import now_seconds
from lab.load.client import LoadClient, RequestBudget, Timing
from lab.load.counts import BlockCounts
from lab.load.request import Request
from lab.load.session_client import PacedClient, SessionClient
from lab.load.target import Target
from lab.records.observations import Block
from lab.records.variant import Connection

UNLIMITED = sys.maxsize
EXPIRY_CHECK_SECONDS = 0.1
RENEWAL_CHECK_SECONDS = 0.25
RECONNECT_SECONDS = 0.05
"""After as long at the look before, and so after 0.15 to 0.25 s, a connection is tried anew.

A server whose queue of new connections is full drops what comes, and the kernel would try again
after a second: a block of 500 requests would end with one in which nothing is sent."""
CLOSING_SECONDS = 0.05
"""A server that says that it closes, and had not for as long at the look before, waits for its
client."""


@dataclass(frozen=True, slots=True)
class BlockPlan:
    """The load of one block."""

    index: int
    requests: int
    concurrency: int
    connection: Connection
    slowest_seconds: float | None = None
    """The slowest answer of the blocks before; None where there is none."""
    most_seconds: float | None = None
    """Seconds after which no more requests are sent; None: all are sent."""


class ClosedLoop:
    """The clients of one block and the requests that they share."""

    client_class = LoadClient

    def __init__(
        self, target: Target, requests: int, connection: Connection, counts: BlockCounts
    ) -> None:
        self.target = target
        encoded = target.source.encoded_requests(target.host, connection)
        self.budget = RequestBudget(encoded, requests, counts)
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.clients: list[LoadClient] = []
        self.running_clients = 0
        self.slowest_seconds: float | None = None
        self.most_seconds: float | None = None
        self.answers, self.answered_at = 0, 0.0
        """How many outcomes but timeouts were seen, and when the last was (perf_counter)."""

    async def run(
        self, concurrency: int, timing: Timing, on_progress: Callable[[int], None] = lambda _: None
    ) -> None:
        """Return when every request has its outcome; no connection is left, also on cancel."""
        self.clients = [self.new_client(timing, number) for number in range(concurrency)]
        self.running_clients = concurrency
        for client in self.clients:
            client.next_request()
        try:
            await self.wait(timing, on_progress)
        finally:
            self.budget.left = 0
            for client in self.clients:
                client.close()
            # The loop closes aborted connections in its next turn.
            await asyncio.sleep(0)

    def new_client(self, timing: Timing, number: int) -> LoadClient:
        session = self.target.session
        if session is None:
            return self.client_class(self.target, self.budget, timing, self.client_ended)
        client = SessionClient(self.target, self.budget, timing, self.client_ended)
        client.begin(session, number)
        return client

    async def wait(self, timing: Timing, on_progress: Callable[[int], None]) -> None:
        """Return when every client has ended; requests that take too long fail.

        Where nothing is answered any more, the requests in flight fail and no others are sent.
        What is late now was late at the look before: what had arrived by then has been read, though
        the driver may have stood still since.
        """
        limit_seconds = timing.request_timeout_seconds
        pause_seconds = min(EXPIRY_CHECK_SECONDS, limit_seconds / 2, timing.least_silence_seconds)
        looked_at = self.answered_at = began_at = time.perf_counter()
        while not self.ended.done():
            await asyncio.wait([self.ended], timeout=pause_seconds)
            on_progress(self.budget.counts.outcomes())
            hangs = self.is_silent(timing, looked_at)
            is_over = time.perf_counter() - began_at > (self.most_seconds or UNLIMITED)
            if hangs or is_over:
                self.budget.left = 0
            for client in self.clients:
                client.fail_if_older(looked_at if hangs else looked_at - limit_seconds)
                client.reconnect_if_older(looked_at - RECONNECT_SECONDS)
                client.end_closing_if_older(looked_at - CLOSING_SECONDS)
            looked_at = time.perf_counter()

    def is_silent(self, timing: Timing, now: float) -> bool:
        """Whether by then the server had long answered nothing, as its own answers justify."""
        counts = self.budget.counts
        answers = counts.outcomes() - counts.failures["timeout"]
        if answers > self.answers:
            self.answers, self.answered_at = answers, time.perf_counter()
        pause_seconds = self.target.session.think_seconds if self.target.session else 0.0
        silent_seconds = now - self.answered_at - pause_seconds
        if silent_seconds < timing.least_silence_seconds:
            return False
        slowest = max([*counts.latencies_seconds, self.slowest_seconds or 0.0]) or None
        return silent_seconds >= timing.silence_seconds(slowest)

    def client_ended(self) -> None:
        self.running_clients -= 1
        if self.running_clients == 0:
            self.ended.set_result(None)


class CompanionLoop(ClosedLoop):
    """A second endpoint that gets one request at a time while the block runs."""

    client_class = PacedClient

    def __init__(self, target: Target, connection: Connection) -> None:
        super().__init__(target, UNLIMITED, connection, BlockCounts())

    def send_no_more(self) -> None:
        """The request in flight is waited for: its latency is caused by the block."""
        self.budget.left = 0


@contextlib.asynccontextmanager
async def run_companion(
    target: Target, request: Request | None, connection: Connection, timing: Timing
) -> AsyncIterator[BlockCounts]:
    """The counts of a companion that runs meanwhile; complete when the context is left."""
    if request is None:
        yield BlockCounts()
        return
    companion = CompanionLoop(target.with_source(request), connection)
    work = asyncio.ensure_future(companion.run(1, timing))
    try:
        yield companion.budget.counts
        companion.send_no_more()
        await work
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


@contextlib.asynccontextmanager
async def let_in(target: Target) -> AsyncIterator[None]:
    """Renew what lets the clients in when it is due, before the block and while it runs."""
    if target.renew is None:
        yield
        return
    await asyncio.to_thread(target.renew)
    work = asyncio.ensure_future(renewed_again(target.renew))
    try:
        yield
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


async def renewed_again(renew: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(RENEWAL_CHECK_SECONDS)
        await asyncio.to_thread(renew)


async def run_block(
    target: Target,
    plan: BlockPlan,
    *,
    on_progress: Callable[[int], None] = lambda _: None,
    companion: Request | None = None,
    timing: Timing = Timing(),  # noqa: B008  # frozen
) -> Block:
    """The block's counts after exactly `plan.requests` requests, or those of its time.

    Failures are counted by kind and never raised. At most `plan.concurrency` requests are in
    flight at once.

    Args:
        on_progress: gets the number of requests that have ended, several times a second.
        companion: sent meanwhile, one at a time, and counted apart.
    """
    counts = BlockCounts()
    loop = ClosedLoop(target, plan.requests, plan.connection, counts)
    loop.slowest_seconds, loop.most_seconds = plan.slowest_seconds, plan.most_seconds
    beside = run_companion(target, companion, plan.connection, timing)
    async with let_in(target), beside as companion_counts:
        started, started_at = time.perf_counter(), now_seconds()
        started_cpu = timing.driver_cpu_seconds()
        await loop.run(min(plan.concurrency, plan.requests), timing, on_progress)
        elapsed = max(time.perf_counter() - started, 1e-9)
        ended_at, busy = now_seconds(), (timing.driver_cpu_seconds() - started_cpu) / elapsed
    return Block(
        index=plan.index,
        started_at_seconds=started_at,
        ended_at_seconds=ended_at,
        sent=counts.sent,
        ok=counts.ok,
        failures=dict(counts.failures),
        latency_seconds=counts.latency_quantiles(),
        driver_busy=busy,
        companion_seconds=companion_counts.latency_quantiles(),
        companion_requests=companion_counts.ok_and_failed(),
        kinds={name: kind.frozen() for name, kind in counts.kinds.items()},
    )
