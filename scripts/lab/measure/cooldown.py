"""One cooldown: until memory, tasks and descriptors are stable."""

import asyncio
import time
from dataclasses import dataclass

from lab.measure.cooldown_rules import CooldownReading, Waits, agree, cooldown_reading
from lab.measure.sampling import Watch
from lab.probes.client import ProbeClient
from lab.records.observations import ProbeReading, Sample


@dataclass(frozen=True, slots=True)
class CooldownEnd:
    """How a cooldown ended."""

    cooldown_seconds: float
    stable: bool
    """Whether everything was stable before patience ended."""
    sample: Sample | None
    """The first reading whose own time lies after the cooldown; None when none came."""
    probe: ProbeReading | None
    """The probe's reading, right after the sample."""


class Cooldown:
    """One cooldown of one variant."""

    def __init__(self, watch: Watch, waits: Waits, probes: ProbeClient | None) -> None:
        self.watch, self.waits, self.probes = watch, waits, probes

    async def wait_until_stable(self, min_seconds: float, watched_seconds: float) -> CooldownEnd:
        """The end of the cooldown, when two readings agree or patience ends.

        The first reading is taken before the minimum is over, each later one `watched_seconds`
        after the one before. The engine is asked only for the trough where the kernel's number is
        read inside as well.

        Args:
            min_seconds: how long the server's own timers can keep memory; 0: they are not waited
                for.
            watched_seconds: between two readings that must agree.
        """
        started = time.monotonic()
        await asyncio.sleep(max(min_seconds - watched_seconds, 0))
        before = await self.first_reading()
        patience_ends = started + min_seconds + self.waits.patience_seconds
        while True:
            await asyncio.sleep(watched_seconds)
            ended = time.monotonic()
            sample = await self.engine_sample()
            probe = await self.probe_reading()
            now = cooldown_reading(probe, sample)
            stable = agree(before, now)
            if stable or sample is None or ended > patience_ends:
                return CooldownEnd(ended - started, stable, sample, probe)
            before = now

    async def first_reading(self) -> CooldownReading | None:
        """The first reading: the probe's, and the engine's where the probe reads no memory."""
        probe = await asyncio.to_thread(self.probes.tree) if self.probes else None
        if probe is not None and probe.memory_bytes is not None:
            return cooldown_reading(probe, None)
        return cooldown_reading(probe, await self.engine_sample())

    async def engine_sample(self) -> Sample | None:
        """The engine's next sample; None when none comes in time."""
        return await self.watch.reading(self.waits.reading_seconds)

    async def probe_reading(self) -> ProbeReading | None:
        """The process tree and the workers; None when no probe answers."""
        return await asyncio.to_thread(self.probes.reading) if self.probes else None
