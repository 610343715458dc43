"""A quiet as it passes: until memory, tasks and descriptors hold still."""

import asyncio
import time
from dataclasses import dataclass

from lab.measure.cooldown_rules import Look, Waits, agree, look_of
from lab.measure.sampling import Watch
from lab.probes.client import ProbeClient
from lab.records.observations import ProbeReading, Sample


@dataclass(frozen=True, slots=True)
class CooldownEnd:
    """How a quiet ended."""

    quiet_seconds: float
    still: bool
    """Whether everything held still before patience ended."""
    sample: Sample | None
    """The first reading whose own time lies after the quiet; None when none came."""
    probe: ProbeReading | None
    """From inside, right after it."""


class Cooldown:
    """What is waited for in one quiet of one variant."""

    def __init__(
        self, watch: Watch, waits: Waits, probes: ProbeClient | None, least_seconds: float
    ) -> None:
        self.watch, self.waits, self.probes = watch, waits, probes
        self.least_seconds = least_seconds
        """How long the server's own timers can hold on to something."""

    async def awaited(self) -> CooldownEnd:
        """Look before the end of the least quiet and with the trough, until two looks agree.

        The engine is asked for the trough alone where the kernel tells its number inside, too.
        """
        started, watched_seconds = time.time(), self.waits.watched_seconds
        self.watch.pause()
        await asyncio.sleep(max(self.least_seconds - watched_seconds, 0))
        before = await self.look()
        patience_ends = started + self.least_seconds + self.waits.patience_seconds
        while True:
            self.watch.pause()
            await asyncio.sleep(watched_seconds)
            ended = time.time()
            sample = await self.engine_reading()
            probe = await self.reading()
            now = look_of(probe, sample)
            still = agree(before, now)
            if still or sample is None or ended > patience_ends:
                return CooldownEnd(ended - started, still, sample, probe)
            before = now

    async def look(self) -> Look | None:
        """From inside, and by the engine where that does not say enough."""
        probe = await asyncio.to_thread(self.probes.tree) if self.probes else None
        if probe is not None and probe.memory_bytes is not None:
            return look_of(probe, None)
        return look_of(probe, await self.engine_reading())

    async def engine_reading(self) -> Sample | None:
        """The first from now on; None when none comes in time."""
        self.watch.resume()
        return await self.watch.first_after(time.time(), self.waits.reading_seconds)

    async def reading(self) -> ProbeReading | None:
        """The tree and the workers; None when no probe answers."""
        return await asyncio.to_thread(self.probes.reading) if self.probes else None
