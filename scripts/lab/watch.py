"""The readings of a running trial: written as they arrive, and waited for."""

import asyncio
import contextlib
import time
from collections.abc import Callable

from lab.model import Sample
from lab.store import TrialWriter


class Watch:
    """The readings of a running trial, as they arrive from the engine's thread."""

    def __init__(self, writer: TrialWriter, on_memory: Callable[[int], None]) -> None:
        self.loop = asyncio.get_running_loop()
        self.writer, self.on_memory = writer, on_memory
        self.samples: list[Sample] = []
        self.emptied = False
        self.closed = False
        self.arrived = asyncio.Event()

    def from_thread(self, sample: Sample | None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
            self.loop.call_soon_threadsafe(self.take, sample)

    def take(self, sample: Sample | None) -> None:
        if self.closed:
            return
        if sample is None:
            self.emptied = True
        elif not self.samples or sample.read_at_seconds > self.samples[-1].read_at_seconds:
            self.emptied = False
            self.samples.append(sample)
            self.writer.write(sample)
            self.on_memory(sample.memory_bytes)
        self.arrived.set()

    async def next(self, timeout_seconds: float) -> bool:
        """Wait for the next reading; False when none came in time."""
        self.arrived.clear()
        try:
            await asyncio.wait_for(self.arrived.wait(), timeout_seconds)
        except asyncio.TimeoutError:
            return False
        return True

    async def first_after(self, moment_seconds: float, wait_seconds: float) -> Sample | None:
        """The first reading whose own time lies after the moment; None when it stays out."""
        deadline = time.time() + wait_seconds
        while time.time() < deadline and not self.emptied:
            if self.samples and self.samples[-1].read_at_seconds > moment_seconds:
                return next(s for s in self.samples if s.read_at_seconds > moment_seconds)
            await self.next(deadline - time.time())
        return None
