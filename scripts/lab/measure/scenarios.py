"""Post-load actions: what is done to a variant after its last cooldown, and what it then holds."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from lab.engines.protocol import VariantState
from lab.load.block import BlockPlan, run_block
from lab.load.request import request_of
from lab.load.target import Target
from lab.measure.cooldown_rules import Waits, memory_is_stable
from lab.measure.sampling import Watch
from lab.probes.channels import HEALTH_PATH
from lab.probes.client import ProbeClient
from lab.records.observations import Block, PostLoadObservation, ProbeReading, Sample
from lab.records.variant import Connection, Scenario

HEALTH_REQUESTS = 8
"""Health requests after the action, sent at once, so that a hanging server costs one wait."""


@dataclass(frozen=True, slots=True)
class VariantView:
    """A variant at one moment, as far as the engine and the probes answer."""

    sample: Sample | None
    probe: ProbeReading | None
    tasks: int | None

    @property
    def memory_bytes(self) -> int | None:
        return self.sample.memory_bytes if self.sample else None


@dataclass(frozen=True, slots=True)
class ScenarioContext:
    """What a post-load action needs of a trial."""

    probes: ProbeClient
    watch: Watch
    target: Target
    waits: Waits
    state: Callable[[], VariantState]

    async def view(self) -> VariantView:
        """The readings of engine and probes; a variant that has ended has 0 tasks."""
        sample = await self.watch.reading(self.waits.reading_seconds)
        probe = await asyncio.to_thread(self.probes.reading)
        if sample is not None:
            return VariantView(sample, probe, sample.pids)
        state = await asyncio.to_thread(self.state)
        return VariantView(None, probe, None if state.running else 0)

    async def wait_until_stable(self) -> None:
        """Wait until new readings agree, or patience ends."""
        seen, deadline = len(self.watch.samples), time.monotonic() + self.waits.patience_seconds
        with self.watch.taking():
            while time.monotonic() < deadline and not memory_is_stable(self.watch.samples[seen:]):
                if not await self.watch.next(self.waits.reading_seconds) or self.watch.emptied:
                    return

    async def request_health(self) -> Block:
        return await run_block(
            self.target.with_source(request_of(HEALTH_PATH)),
            BlockPlan(-1, HEALTH_REQUESTS, HEALTH_REQUESTS, Connection.CLOSE),
        )


async def master_killed(context: ScenarioContext) -> PostLoadObservation | None:
    """Which processes still serve and hold memory some time after the master was killed."""
    before = await context.view()
    if not await asyncio.to_thread(context.probes.kill_master):
        return None
    acted = time.monotonic()
    await asyncio.sleep(context.waits.orphaned_seconds)
    waited_seconds = time.monotonic() - acted
    after = await context.view()
    health = await context.request_health()
    return post_load_observation(Scenario.MASTER_KILLED, waited_seconds, before, after, health)


async def give_back(context: ScenarioContext) -> PostLoadObservation | None:
    """The observation after each worker has collected its garbage and trimmed its allocator."""
    before = await context.view()
    if not await asyncio.to_thread(context.probes.give_back):
        return None
    acted = time.monotonic()
    await context.wait_until_stable()
    waited_seconds = time.monotonic() - acted
    return post_load_observation(
        Scenario.GIVE_BACK, waited_seconds, before, await context.view(), None
    )


POST_LOAD_ACTIONS: Mapping[
    Scenario, Callable[[ScenarioContext], Awaitable[PostLoadObservation | None]]
] = {
    Scenario.MASTER_KILLED: master_killed,
    Scenario.GIVE_BACK: give_back,
}


async def run_scenario(scenario: Scenario, context: ScenarioContext) -> PostLoadObservation | None:
    """The observation after the scenario's action; None when no probe answered."""
    return await POST_LOAD_ACTIONS[scenario](context)


def post_load_observation(
    scenario: Scenario,
    waited_seconds: float,
    before: VariantView,
    after: VariantView,
    health: Block | None,
) -> PostLoadObservation:
    return PostLoadObservation(
        scenario=scenario,
        waited_seconds=waited_seconds,
        memory_before_bytes=before.memory_bytes,
        memory_after_bytes=after.memory_bytes,
        before=before.probe,
        after=after.probe,
        asked=health.sent if health else 0,
        answered=health.ok if health else 0,
        tasks_before=before.tasks,
        tasks_after=after.tasks,
    )
