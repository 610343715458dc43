"""The samples of a running trial: written as they arrive, and waited for.

Each costs the engine as much CPU time as a request or two, so they are taken only where one is
waited for, and in what lasts.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
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
        """Take samples from this source where they are wanted."""
        self.source, self.paused_at_seconds = source, now_seconds()

    @contextlib.contextmanager
    def taking(self, after_seconds: float = 0.0) -> Iterator[None]:
        """Take samples while the context lasts, from so many seconds on."""
        later = self.loop.call_later(after_seconds, self.resume) if after_seconds else None
        if later is None:
            self.resume()
        try:
            yield
        finally:
            if later is not None:
                later.cancel()
            self.pause()

    def resume(self) -> None:
        if self.source is not None and self.paused_at_seconds is not None:
            self.writer.write(Pause(self.paused_at_seconds, now_seconds()))
            self.paused_at_seconds = None
            self.source.resume()

    def pause(self) -> None:
        if self.source is not None and self.paused_at_seconds is None:
            self.source.pause()
            self.paused_at_seconds = now_seconds()

    async def reading(self, wait_seconds: float) -> Sample | None:
        """A sample of now; None when none comes in time."""
        asked_at_seconds, self.emptied = now_seconds(), False
        with self.taking():
            return await self.first_after(asked_at_seconds, wait_seconds)

    def close(self) -> None:
        """Take no more samples: later ones are of a variant that is being stopped."""
        if self.source is not None:
            self.source.stop()
        self.closed = True

    async def next(self, timeout_seconds: float) -> bool:
        """Whether a sample arrives within the time."""
        self.arrived.clear()
        try:
            # Python 3.11's wait_for loses an interruption that comes with the sample.
            async with asyncio.timeout(timeout_seconds):
                await self.arrived.wait()
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
