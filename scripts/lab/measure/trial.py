"""One trial: start, ready, warm up, baseline, then load and quiet block by block, stop.

Every observation is written as soon as it is made; nothing is judged here.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from lab.engines.protocol import Endpoint
from lab.errors import VariantError
from lab.load.client import Target, resolve, run_block
from lab.load.request import request_of
from lab.load.request_mix import RequestMix
from lab.matrix.load_plan import block_sizes, plan_load
from lab.measure.context import RunContext
from lab.measure.cooldown import Cooldown
from lab.measure.sampling import Watch
from lab.measure.scenarios import ScenarioContext, run_scenario
from lab.prediction.predict import OfferedLoad, predict
from lab.probes.client import HEALTH_PATH, ProbeClient
from lab.probes.sockets import probes_of
from lab.records.observations import (
    Block,
    Connection,
    End,
    EndKind,
    ProbeReading,
    Scenario,
    TrialStart,
    Trough,
    Variant,
)
from lab.stopping import MOST_LOADS, next_blocks
from lab.store.trial_log import TrialWriter
from lab.text.phrases import in_mib

WARM_UP_REQUESTS_A_WORKER = 8
"""To the health endpoint, which runs in no pool of FastAPI's: imports and first answers are
over, and no thread has run the workload."""

MOST_LOG_LINE_CHARACTERS = 4000
"""An app's line may be of any length, and a record's is bounded where it is read back."""


class Ended(VariantError):
    """A trial cannot go on."""

    def __init__(self, kind: EndKind, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


class TrialRun:
    """One variant in one fresh container."""

    def __init__(
        self, context: RunContext, variant: Variant, trial: int, writer: TrialWriter
    ) -> None:
        self.context, self.variant, self.trial, self.writer = context, variant, trial, writer
        self.settings, self.waits = context.settings, context.waits
        self.plan = plan_load(variant, context.settings)
        self.user_app = context.user_apps.get(variant.name)
        self.health_path = self.user_app.health if self.user_app else HEALTH_PATH
        self.show = partial(context.progress.update, variant.name)
        self.watch = Watch(writer, lambda size: self.show(memory_bytes=size))
        self.done, self.total = 0, self.plan.requests
        self.first_probe: ProbeReading | None = None
        self.last_probe: ProbeReading | None = None

    async def run(self) -> None:
        async with self.context.slots.start_slot():
            target, probes = await self.open()
        self.show(state="baseline")
        await self.settle(-1, probes)
        if self.variant.scenario is Scenario.TRACED:
            await asyncio.to_thread(probes.trace)
        sizes = block_sizes(self.plan.requests, self.plan.blocks)
        for index, size in enumerate(sizes):
            await self.load_and_settle(index, size, target, probes)
        if self.plan.may_extend:
            await self.extend_load(sizes, target, probes)
        # A probe may answer in a process that has outlived its server.
        await self.check_alive()
        reason = await self.run_scenario(self.variant.scenario, target, probes)
        self.end(End(EndKind.COMPLETE, time.time(), reason, await self.telling_log()))

    async def open(self) -> tuple[Target, ProbeClient]:
        """Start the variant, until its server has answered and its first costs are over."""
        self.show(state="starting")
        place = await self.start()
        sampling = self.context.engine.sample
        source = await asyncio.to_thread(sampling, self.variant, self.watch.from_thread)
        self.watch.follow(source)
        probes = probes_of(place, self.variant.axes.workers, self.user_app)
        await self.become_ready(place, probes)
        await self.describe(probes)
        target = self.target(place)
        self.show(state="warming up")
        await self.warm_up(target)
        return target, probes

    async def extend_load(self, sizes: list[int], target: Target, probes: ProbeClient) -> None:
        """While its verdict asks for more, a quarter of the load at a time, up to a limit.

        What that does to the verdict's errors is simulated in the same steps (`make validate`).
        """
        step, more = next_blocks(len(sizes)), sizes * (MOST_LOADS - 1)
        for first in range(0, len(more), step):
            if not await asyncio.to_thread(self.context.decider.needs_more_load, self.writer.path):
                return
            part = more[first : first + step]
            self.total += sum(part)
            self.show(state="more load: its verdict asks for it", total=self.total)
            for index, size in enumerate(part, start=len(sizes) + first):
                await self.load_and_settle(index, size, target, probes)

    async def run_scenario(
        self, scenario: Scenario | None, target: Target, probes: ProbeClient
    ) -> str:
        """Play the scenario, if there is one; says why when it could not be played.

        A server that ends in it is what was to be seen, no failed trial.
        """
        if scenario is None:
            return ""
        self.show(state=scenario.value)
        if scenario is Scenario.TRACED:
            return await self.explain(probes)
        state = partial(self.context.engine.state, self.variant)
        stage = ScenarioContext(probes, self.watch, target, self.waits, state)
        found = await run_scenario(scenario, stage) if self.settings.probes else None
        if found is None:
            return f"its scenario {scenario.value} was not played: no probe answered"
        self.writer.write(found)
        return ""

    async def explain(self, probes: ProbeClient) -> str:
        """Write down who asked for what is still there."""
        found = await asyncio.to_thread(probes.traced, self.done)
        if found is None:
            return "nothing was traced: no probe answered"
        self.writer.write(found)
        return ""

    async def telling_log(self) -> tuple[str, ...]:
        """The log's end, where processes of the server went missing; nothing else needs it."""
        killed = self.variant.scenario is Scenario.MASTER_KILLED
        if not killed and not some_were_lost(self.first_probe, self.last_probe):
            return ()
        return await asyncio.to_thread(self.context.engine.log_tail, self.variant)

    async def start(self) -> Endpoint:
        """Start the variant; what is about to be measured is written down even when it fails.

        An interruption waits for the engine's call, so that nothing starts after its own stop.
        """
        call = asyncio.ensure_future(asyncio.to_thread(self.context.engine.start, self.variant))
        container: Mapping[str, str] = {}
        try:
            place = await asyncio.shield(call)
            container = place.container
            return place
        finally:
            await asyncio.gather(call, return_exceptions=True)
            self.writer.write(self.start_record(container))

    def end(self, end: End) -> None:
        """Write the last record."""
        self.watch.close()
        tail = tuple(line[:MOST_LOG_LINE_CHARACTERS] for line in end.log_tail)
        self.writer.write(replace(end, log_tail=tail))

    def start_record(self, container: Mapping[str, str]) -> TrialStart:
        return TrialStart(
            variant=self.variant,
            trial=self.trial,
            at_seconds=time.time(),
            requests=self.plan.requests,
            blocks=self.plan.blocks,
            concurrency=self.plan.concurrency,
            connection=self.plan.connection,
            probes=self.settings.probes,
            matters_bytes=self.settings.matters_bytes,
            container=container,
        )

    def target(self, place: Endpoint) -> Target:
        try:
            address = resolve(place.host, place.port)
        except OSError as error:
            raise Ended(
                EndKind.NEVER_READY, f"its name {place.host} is not known: {error}"
            ) from error
        own = RequestMix(self.user_app.asks) if self.user_app else None
        exchange = own or request_of(self.variant.path, self.plan.kind)
        return Target(address, place.port, place.host, exchange)

    async def become_ready(self, place: Endpoint, probes: ProbeClient) -> None:
        deadline = time.monotonic() + self.waits.ready_seconds
        while not await asyncio.to_thread(self.is_ready, probes):
            await self.check_alive()
            if time.monotonic() > deadline:
                where = (
                    f"{self.health_path} on $PORT={place.port}" if self.user_app else HEALTH_PATH
                )
                reason = f"it did not answer {where} within {self.waits.ready_seconds:.0f} s"
                raise Ended(EndKind.NEVER_READY, reason)
            await asyncio.sleep(self.waits.ready_poll_seconds)

    def is_ready(self, probes: ProbeClient) -> bool:
        if not probes.server_answers():
            return False
        return not self.settings.probes or probes.all_answer()

    async def check_alive(self) -> None:
        state = await asyncio.to_thread(self.context.engine.state, self.variant)
        if not state.running:
            raise Ended(EndKind.DIED, state.reason)

    async def describe(self, probes: ProbeClient) -> None:
        """Write down what is known before the load, the prediction with it."""
        calibration = None
        if self.settings.probes:
            environment = await asyncio.to_thread(probes.environment)
            calibration = await asyncio.to_thread(probes.calibration)
            for record in (environment, calibration):
                if record is not None:
                    self.writer.write(record)
        load = OfferedLoad(self.plan.requests, self.plan.concurrency)
        prediction = predict(self.variant.axes, calibration, load)
        self.writer.write(prediction)
        if prediction.growth_bytes is not None:
            self.show(state=f"predicted +{in_mib(prediction.growth_bytes)}")

    async def warm_up(self, target: Target) -> None:
        if self.user_app is not None:
            await self.warm_up_user_app(target, self.user_app.warm_up)
            return
        health = target.asking(request_of(HEALTH_PATH))
        requests = WARM_UP_REQUESTS_A_WORKER * self.variant.axes.workers
        await run_block(
            health, index=-1, requests=requests, concurrency=1, connection=Connection.CLOSE
        )

    async def warm_up_user_app(self, target: Target, requests: int) -> None:
        """By its own requests, of which at least one must be served: else the load cannot be."""
        if requests == 0:
            return
        block = await run_block(
            target,
            index=-1,
            requests=requests,
            concurrency=self.plan.concurrency,
            connection=self.plan.connection,
        )
        if block.ok == 0:
            await self.check_alive()
            kinds = ", ".join(f"{kind} x {count}" for kind, count in block.failures.items())
            reason = (
                f"not one of {block.sent} requests of the warm-up was served as expected: {kinds}"
            )
            raise Ended(EndKind.NO_REQUESTS_SERVED, reason)

    async def load_and_settle(
        self, index: int, size: int, target: Target, probes: ProbeClient
    ) -> None:
        self.show(state="waiting")
        if self.context.slots.all_load():
            self.watch.pause()
        async with self.context.slots.load_slot():
            self.watch.resume()
            self.show(state="load")
            block = await run_block(
                target,
                index=index,
                requests=size,
                concurrency=self.plan.concurrency,
                connection=self.plan.connection,
                on_progress=self.count,
                companion=request_of(self.plan.companion) if self.plan.companion else None,
            )
        self.writer.write(block)
        if block.failures:
            await self.check_alive()
        self.check_served(block)
        self.show(state="quiet")
        await self.settle(index, probes)

    def check_served(self, block: Block) -> None:
        if block.ok == 0:
            kinds = ", ".join(f"{kind} x {count}" for kind, count in block.failures.items())
            reason = (
                f"not one of {block.sent} requests of block {block.index + 1} was served: {kinds}"
            )
            raise Ended(EndKind.NO_REQUESTS_SERVED, reason)

    def count(self) -> None:
        self.done += 1
        self.show(done=self.done)

    async def settle(self, index: int, probes: ProbeClient) -> None:
        """Wait until everything holds still, then write the trough down."""
        least_seconds = self.waits.min_cooldown_seconds(self.variant.axes)
        asked = probes if self.settings.probes else None
        found = await Cooldown(self.watch, self.waits, asked, least_seconds).awaited()
        probe = found.probe
        self.first_probe, self.last_probe = self.first_probe or probe, probe or self.last_probe
        if found.sample is None or probe is None:
            await self.check_alive()
        if found.sample is not None:
            trough = Trough(index, found.sample, probe, found.quiet_seconds, found.still)
            self.writer.write(trough)


def some_were_lost(first: ProbeReading | None, last: ProbeReading | None) -> bool:
    """Whether processes were killed for memory between two readings, or are gone."""
    if first is None or last is None:
        return False
    before, after = (
        {(process.pid, process.started_at_seconds) for process in probe.processes}
        for probe in (first, last)
    )
    return (last.oom_kills or 0) > (first.oom_kills or 0) or not before <= after
