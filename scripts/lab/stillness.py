"""A quiet as it passes: until memory, tasks and descriptors hold still, then one reading more."""

import asyncio
import time
from dataclasses import dataclass

from lab.known import open_descriptors
from lab.model import ProbeReading, Sample
from lab.probe_client import ProbeClient
from lab.quiet import STILL_READINGS, Waits, memory_is_still
from lab.watch import Watch


@dataclass(frozen=True, slots=True)
class Settled:
    """How a quiet ended."""

    quiet_seconds: float
    still: bool
    """Whether everything held still before patience ended."""
    sample: Sample | None
    """The first reading whose own time lies after the quiet; None when none came."""
    probe: ProbeReading | None
    """From inside, right after it."""


class Stillness:
    """What is waited for in one quiet of one variant."""

    def __init__(
        self, watch: Watch, waits: Waits, probes: ProbeClient | None, least_seconds: float
    ) -> None:
        self.watch, self.waits, self.probes = watch, waits, probes
        self.least_seconds = least_seconds
        """How long the server's own timers can hold on to something."""

    async def awaited(self) -> Settled:
        """Let the least time pass, most of it without readings, then wait for stillness."""
        started = time.time()
        watched = min(self.least_seconds, self.waits.watched_seconds)
        await self.watch.rest(self.least_seconds - watched)
        before = await self.descriptors()
        await asyncio.sleep(watched)
        deadline_seconds = started + self.least_seconds + self.waits.patience_seconds
        while True:
            still = await self.hold_still(deadline_seconds)
            ended = time.time()
            sample = await self.watch.first_after(ended, self.waits.reading_seconds)
            probe = await self.reading()
            # They are the last of those that must agree; what does not prolongs the quiet.
            now = open_descriptors(probe.processes) if probe else None
            agreed = now == before and memory_is_still(self.watch.since_resumed())
            if agreed or not still or sample is None:
                return Settled(ended - started, still and agreed, sample, probe)
            before = now

    async def hold_still(self, deadline_seconds: float) -> bool:
        """Whether memory and tasks do in all readings but the one that is still to come."""
        while time.time() < deadline_seconds and not self.watch.emptied:
            if memory_is_still(self.watch.since_resumed(), STILL_READINGS - 1):
                return True
            if not await self.watch.next(self.waits.reading_seconds):
                return False
        return False

    async def descriptors(self) -> int | None:
        """Of the whole tree; None when no probe answers."""
        return await asyncio.to_thread(self.probes.descriptors) if self.probes else None

    async def reading(self) -> ProbeReading | None:
        """The tree and the workers; None when no probe answers."""
        return await asyncio.to_thread(self.probes.reading) if self.probes else None
