"""The load of a trial, block after block, and the trough at the end of each cooldown."""

import asyncio
import time

from lab.load.block import BlockPlan, run_block
from lab.load.request import request_of
from lab.matrix.load_plan import block_sizes
from lab.measure.cooldowns import Cooldowns
from lab.measure.startup import ReadyServer
from lab.measure.time_left import Pace, left_seconds
from lab.measure.trial_context import (
    TrialContext,
    not_served,
    out_of_time,
    stopped_answering,
)
from lab.records.observations import Block
from lab.records.variant import Scenario
from lab.stopping import MOST_LOADS, next_blocks

UNSAMPLED_SECONDS = 1.0
"""The longest block without samples: the troughs around one that is as short tell enough."""
TRACED_BLOCK_SECONDS = 20.0
"""An app that allocates much is slow while each allocation is recorded (measured: 100,000 integers
a request took 69 ms of CPU in place of 3), and fewer requests name the holder as well."""


class BlockLoad:
    """The load of one trial."""

    def __init__(self, trial: TrialContext, server: ReadyServer) -> None:
        self.trial, self.server = trial, server
        self.requests_done, self.requests_planned = 0, trial.plan.requests
        self.blocks_planned = trial.plan.blocks
        self.pace: Pace | None = None
        """The pace of the last block; None before the first."""
        self.cooldowns = Cooldowns(trial, server.probes, server.packages)
        self.slowest_seconds: float | None = None
        """Its slowest answer so far."""
        self.decided = False
        """Whether the load ended before all of its blocks."""
        self.out_of_time = False
        """Whether load was asked for that did not fit the time."""
        self.out_of_room = False
        """Whether load was asked for that would not have fit the raw file."""
        self.block_bytes = 0
        """What the last block has in the raw file with its trough, without samples."""
        self.began_seconds = time.monotonic()
        self.loaded_seconds = 0.0
        """What its blocks took so far, without cooldowns."""

    async def take_baseline(self) -> None:
        self.trial.show(state="baseline")
        await self.cooldowns.take_baseline()

    async def run(self) -> None:
        """The planned blocks, unless fewer decide; then more where the decider asks for it.

        Raises:
            TrialEnded: no request of a block was served, or the server ended.
        """
        plan = self.trial.plan
        sizes = block_sizes(plan.requests, plan.blocks)
        for index, size in enumerate(sizes):
            await self.run_block(index, size)
            if await self.is_decided(index + 1):
                break
        else:
            await self.extend(sizes)
        await self.cooldowns.settle()

    async def is_decided(self, blocks: int) -> bool:
        """Whether so many blocks are enough, fewer than were planned, after a full cooldown."""
        trial = self.trial
        if not trial.plan.may_extend or blocks >= trial.plan.blocks:
            return False
        decider, raw_file = trial.run.decider, trial.writer.path
        if not await asyncio.to_thread(decider.is_decided, raw_file):
            return False
        settled = await self.cooldowns.settle()
        self.decided = not settled or await asyncio.to_thread(decider.is_decided, raw_file)
        return self.decided

    async def extend(self, sizes: list[int]) -> None:
        """A quarter of the load at a time, while the decider asks for more, up to a limit.

        What that does to the verdict's errors is simulated in the same steps (`make validate`).
        """
        if not self.trial.plan.may_extend or self.out_of_time:
            return
        step, more = next_blocks(len(sizes)), sizes * (MOST_LOADS - 1)
        for first in range(0, len(more), step):
            if not await self.needs_more_load():
                return
            part, done = more[first : first + step], len(sizes) + first
            if not self.trial.writer.has_room_for((len(part) + 1) * self.block_bytes):
                self.out_of_room = True
                return
            if not self.has_time_for(len(part), done):
                self.out_of_time = True
                return
            self.requests_planned += sum(part)
            self.blocks_planned += len(part)
            self.trial.show(state="more load: its verdict asks for it", total=self.requests_planned)
            for index, size in enumerate(part, start=done):
                await self.run_block(index, size)

    def has_time_for(self, blocks: int, done: int) -> bool:
        """Whether so many more blocks end in time, at the pace of those that are done."""
        budget = self.trial.run.budget
        pace_seconds = (time.monotonic() - self.began_seconds) / done
        return budget is None or budget.allows(blocks * pace_seconds)

    async def needs_more_load(self) -> bool:
        """What the decider says; where the last cooldown was short, once more after a full one."""
        trial = self.trial
        decider, raw_file = trial.run.decider, trial.writer.path
        if await asyncio.to_thread(decider.needs_more_load, raw_file):
            return True
        settled = await self.cooldowns.settle()
        return settled and await asyncio.to_thread(decider.needs_more_load, raw_file)

    async def run_block(self, index: int, size: int) -> None:
        """Run one block and its cooldown.

        Raises:
            TrialEnded: none of its requests was served, the server ended, or the planned blocks
                will not fit the raw file.
        """
        trial = self.trial
        before_bytes = trial.writer.record_bytes
        trial.show(state="waiting")
        left = left_seconds(self.blocks_planned - index, self.pace)
        async with trial.load_turn(left):
            trial.show(state="load")
            began_seconds, most_seconds = time.monotonic(), self.most_seconds(index)
            with trial.watch.taking(after_seconds=UNSAMPLED_SECONDS):
                block = await self.send(index, size, most_seconds)
            block_seconds = time.monotonic() - began_seconds
        self.loaded_seconds += block_seconds
        slowest_seconds = block.latency_seconds.get("max", 0.0)
        self.slowest_seconds = max(self.slowest_seconds or 0.0, slowest_seconds) or None
        self.requests_done += block.ok + sum(block.failures.values())
        trial.writer.write(block)
        trial.writer.check()
        if block.failures:
            await trial.check_alive()
        is_late = most_seconds is not None and block_seconds >= most_seconds
        self.out_of_time = self.out_of_time or is_late
        if block.sent < size and not is_late:
            raise stopped_answering(block, index, size)
        if block.sent < size and self.is_compared:
            raise out_of_time(block, index, size, block_seconds)
        if block.ok == 0:
            raise not_served(block, f"block {index + 1} was served")
        trial.show(state="cooldown")
        await self.cooldowns.after_block(index, is_last=index + 1 == self.blocks_planned)
        self.pace = self.cooldowns.pace(block_seconds)
        self.block_bytes = trial.writer.record_bytes - before_bytes
        # The first one has two troughs, so it tells too much of the others.
        trial.check_room(max(trial.plan.blocks - index - 1, 0) if index else 0, self.block_bytes)

    async def send(self, index: int, size: int, most_seconds: float | None) -> Block:
        plan = self.trial.plan
        return await run_block(
            self.server.target,
            BlockPlan(
                *(index, size, plan.concurrency, plan.connection, self.slowest_seconds),
                most_seconds=most_seconds,
            ),
            on_progress=lambda ended: self.trial.show(done=self.requests_done + ended),
            companion=request_of(plan.companion) if plan.companion else None,
            timing=self.trial.run.waits.load,
        )

    def most_seconds(self, index: int) -> float | None:
        """The most seconds of a block; None where it gets its whole load whatever that takes.

        It is the same for all that are compared, and who needs longer is told as not measured:
        what fewer requests leave behind cannot be compared.
        """
        if self.trial.variant.scenario is Scenario.TRACED:
            return TRACED_BLOCK_SECONDS
        budget, plan = self.trial.run.budget, self.trial.plan
        if budget is None:
            return None
        if self.is_compared:
            return budget.compared_seconds(self.loaded_seconds, plan.blocks - index)
        return budget.block_seconds(plan.blocks - index) if plan.may_extend else None

    @property
    def is_compared(self) -> bool:
        return self.trial.variant.name in self.trial.run.compared
