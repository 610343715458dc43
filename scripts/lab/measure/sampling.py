"""The samples of a running trial: written as they arrive, and waited for."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Protocol

from lab.clock import now_seconds
from lab.records.observations import Pause, Sample
from lab.store.trial_writer import TrialWriter

CLOCK_STEP_SECONDS = 30.0
"""A reading that is so much older than the last is of a clock that was set back."""


class SampleSource(Protocol):
    """Where the samples come from: an engine's sampling."""

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def stop(self) -> None: ...


class Watch:
    """The samples of a running trial, as they arrive from the engine's thread."""

    def __init__(self, writer: TrialWriter, on_memory: Callable[[int], None]) -> None:
        self.loop = asyncio.get_running_loop()
        self.writer, self.on_memory = writer, on_memory
        self.samples: list[Sample] = []
        self.source: SampleSource | None = None
        self.paused_at_seconds: float | None = None
        self.emptied = False
        self.closed = False
        self.arrived = asyncio.Event()

    def from_thread(self, sample: Sample | None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: the trial is over
            self.loop.call_soon_threadsafe(self.take, sample)

    def take(self, sample: Sample | None) -> None:
        if self.closed:
            return
        if sample is None:
            self.emptied = True
        elif self.is_new(sample):
            self.emptied = False
            self.samples.append(sample)
            self.writer.write(sample)
            self.on_memory(sample.memory_bytes)
        self.arrived.set()

    def is_new(self, sample: Sample) -> bool:
        """Whether it is later than the last one, or of a clock that was set back."""
        if not self.samples:
            return True
        later_seconds = sample.read_at_seconds - self.samples[-1].read_at_seconds
        return later_seconds > 0 or later_seconds < -CLOCK_STEP_SECONDS

    def follow(self, source: SampleSource) -> None:
        """Take samples from this source, once `resume` is called."""
        self.source, self.paused_at_seconds = source, now_seconds()

    def pause(self) -> None:
        """Take no samples while none is waited for: each costs the engine CPU time."""
        if self.source is not None and self.paused_at_seconds is None:
            self.source.pause()
            self.paused_at_seconds = now_seconds()

    def resume(self) -> None:
        if self.source is not None and self.paused_at_seconds is not None:
            self.writer.write(Pause(self.paused_at_seconds, now_seconds()))
            self.paused_at_seconds = None
            self.source.resume()

    def close(self) -> None:
        """Take no more samples: later ones are of a variant that is being stopped."""
        if self.source is not None:
            self.source.stop()
        self.closed = True

    async def next(self, timeout_seconds: float) -> bool:
        """Whether a sample arrives within the time."""
        self.arrived.clear()
        try:
            await asyncio.wait_for(self.arrived.wait(), timeout_seconds)
        except TimeoutError:
            return False
        return True

    async def first_after(self, moment_seconds: float, wait_seconds: float) -> Sample | None:
        """The first sample whose own time lies after the moment; None when none comes in time."""
        deadline = time.monotonic() + wait_seconds
        while time.monotonic() < deadline and not self.emptied:
            if self.samples and self.samples[-1].read_at_seconds > moment_seconds:
                return next(s for s in self.samples if s.read_at_seconds > moment_seconds)
            await self.next(deadline - time.monotonic())
        return None
