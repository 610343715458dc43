"""A short run of a user app: what some hundred requests leave live, to the byte, and who asked.

The allocators' own counts are exact, so no cooldown is needed for memory that is free; garbage is
collected before each reading.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from lab.app.guess.failures import telling_line
from lab.engines.protocol import Endpoint, Engine
from lab.errors import VariantError
from lab.load.block import BlockPlan, run_block
from lab.load.request_mix import UserApp
from lab.load.target import Target, resolve
from lab.load.user_target import user_target
from lab.measure.scheduler import FAILURE_LOG_LINES
from lab.probes.client import ProbeClient, probes_of
from lab.records.observations import AllocationTrace
from lab.records.readings import known_sum
from lab.records.trial import Environment
from lab.records.variant import Connection, Variant

POLL_SECONDS = 0.1
READING_ATTEMPTS = 3
"""How often a reading is asked for: on a busy machine an answer may come too late."""
WORKERS_SECONDS = 30.0
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ShortLoad:
    """How much load a short run gets."""

    concurrency: int
    ready_seconds: float
    blocks: int = 7
    block_requests: int = 50
    traced_requests: int = 100
    settle_seconds: float = 0.2
    """Seconds for a server to close its connections; what it keeps longer is equal each time."""


@dataclass(frozen=True, slots=True)
class ShortRun:
    """What a short run observed."""

    live_bytes: tuple[int, ...]
    """Live in all workers' allocators: after the warm-up, then after each block."""
    requests: tuple[int, ...]
    """Completed in each block."""
    trace: AllocationTrace | None
    environment: Environment | None
    seconds: float


class ShortRunner:
    """One short run of a variant that is started for it."""

    def __init__(self, engine: Engine, variant: Variant, app: UserApp, load: ShortLoad) -> None:
        self.engine, self.variant, self.app, self.load = engine, variant, app, load

    async def run(self) -> ShortRun:
        """What a short run of the variant observed, from its start to its stop.

        Raises:
            VariantError: it does not start, does not serve, or no probe answers.
        """
        started = time.monotonic()
        async with self.served() as (probes, target):
            return await self.measured(probes, target, started)

    @contextlib.asynccontextmanager
    async def served(self) -> AsyncIterator[tuple[ProbeClient, Target]]:
        """The variant for as long as the context; it is up and answers.

        Raises:
            VariantError: it does not start, or does not answer.
        """
        call = asyncio.ensure_future(asyncio.to_thread(self.engine.start, self.variant))
        try:
            endpoint = await asyncio.shield(call)
            probes = self.probes(endpoint)
            await self.wait_until_ready(probes)
            address = resolve(endpoint.host, endpoint.port)
            yield (
                probes,
                await asyncio.to_thread(
                    user_target, self.app, address, endpoint.port, endpoint.host
                ),
            )
        finally:
            await asyncio.gather(call, return_exceptions=True)
            await asyncio.shield(asyncio.to_thread(self.engine.stop, self.variant))

    async def measured(self, probes: ProbeClient, target: Target, started: float) -> ShortRun:
        await self.send(target, max(self.app.warm_up, 1))
        live, requests = [await self.live(probes)], []
        for _ in range(self.load.blocks):
            requests.append(await self.send(target, self.load.block_requests))
            live.append(await self.live(probes))
        environment = await asyncio.to_thread(probes.environment)
        trace = await self.traced(target, probes)
        seconds = time.monotonic() - started
        return ShortRun(tuple(live), tuple(requests), trace, environment, seconds)

    def probes(self, endpoint: Endpoint) -> ProbeClient:
        return probes_of(endpoint, self.variant.axes.workers, self.app)

    async def wait_until_ready(self, probes: ProbeClient) -> None:
        deadline = time.monotonic() + self.load.ready_seconds
        while not await asyncio.to_thread(self.is_ready, probes):
            state = await asyncio.to_thread(self.engine.state, self.variant)
            if not state.running:
                raise VariantError(f"the app does not start: {state.reason}{self.last_words()}")
            if time.monotonic() > deadline:
                raise VariantError(f"the app did not answer within {self.load.ready_seconds:.0f} s")
            await asyncio.sleep(POLL_SECONDS)

    def is_ready(self, probes: ProbeClient) -> bool:
        return probes.server_answers() and probes.all_answer()

    def last_words(self) -> str:
        """The line of the app's log that tells why, behind a colon."""
        lines = self.engine.log_tail(self.variant, FAILURE_LOG_LINES)
        return f": {telling_line(chr(10).join(lines))}" if lines else ""

    async def send(self, target: Target, requests: int) -> int:
        """How many of the requests were completed.

        Raises:
            VariantError: none was.
        """
        first = self.app.requests[0]
        connection = first.connection if first else Connection.CLOSE
        plan = BlockPlan(0, requests, self.load.concurrency, connection)
        block = await run_block(target, plan)
        if not block.ok:
            kinds = ", ".join(f"{kind} x {count}" for kind, count in block.failures.items())
            raise VariantError(f"no request was served as expected: {kinds}")
        await asyncio.sleep(self.load.settle_seconds)
        return block.ok

    async def live(self, probes: ProbeClient) -> int:
        """Live bytes of all workers, without garbage.

        Raises:
            VariantError: no probe answers with them.
        """
        for _ in range(READING_ATTEMPTS):
            await asyncio.to_thread(lambda: list(probes.channel.answers("/_lab/collect")))
            workers = await asyncio.to_thread(probes.workers)
            total = known_sum((each.live_bytes for each in workers), self.variant.axes.workers)
            if total is not None:
                return total
        raise VariantError("no process of the app reports its memory")

    async def traced(self, target: Target, probes: ProbeClient) -> AllocationTrace | None:
        """What Python's own trace sees of some more requests; None where nothing traces."""
        if not await first_answer(probes.trace_lines):
            return None
        done = await self.send(target, self.load.traced_requests)
        return await first_answer(partial(probes.traced_lines, done))


async def first_answer(question: Callable[[], T | None]) -> T | None:
    """The first answer to a question that is asked again where none comes; None: none came.

    A question that waited long for nothing is not asked again.
    """
    gives_up = time.monotonic() + WORKERS_SECONDS
    for _ in range(READING_ATTEMPTS):
        answer = await asyncio.to_thread(question)
        if answer or time.monotonic() > gives_up:
            return answer
    return None
