"""All trials of a run, as many at once as the slots allow, each with its end on record."""

import asyncio
import contextlib
from collections.abc import Coroutine, Iterable, Sequence

from lab.clock import now_seconds
from lab.engines.protocol import Engine
from lab.errors import LabError
from lab.matrix.load_plan import plan_load, trial_bytes
from lab.measure.context import RunContext
from lab.measure.progress import KEPT
from lab.measure.trial import end_trial, run_trial
from lab.measure.trial_context import TrialEnded, trial_context
from lab.records.trial import End, EndKind
from lab.records.variant import Variant

FAILURE_LOG_LINES = 60
"""Lines of the server's log that are kept where a trial fails: enough for a traceback."""


async def conduct(context: RunContext, variant: Variant, number: int) -> None:
    """Run one trial and write its end.

    Raises:
        WriteError: its raw file cannot be written; the run cannot go on.
        CancelledError: it was interrupted.
    """
    engine = context.engine
    async with context.slots.slot(variant.memory_limit_bytes):
        weight = weight_of(context, variant)
        writer = context.folder.trial_writer(variant.name, number, weight)
        trial = trial_context(context, variant, number, writer)
        try:
            await run_trial(trial)
            writer.check()
            context.progress.update(variant.name, state="done")
        except asyncio.CancelledError:
            end_trial(trial, End(EndKind.INTERRUPTED, now_seconds(), "interrupted"))
            raise
        except (LabError, OSError) as error:
            writer.check()
            end = await end_of(error, engine, variant)
            end_trial(trial, end)
            context.progress.update(variant.name, state=end.kind.value)
        finally:
            trial.watch.close()
            writer.close()
            await stop(context, variant)


def weight_of(context: RunContext, variant: Variant) -> int:
    """What a trial of the variant needs of the room for raw files, in relation to others."""
    return trial_bytes(variant, plan_load(variant, context.settings))


async def end_of(error: LabError | OSError, engine: Engine, variant: Variant) -> End:
    """The record of an end that was not planned, with the end of the server's log."""
    tail = await asyncio.to_thread(engine.log_tail, variant, FAILURE_LOG_LINES)
    if isinstance(error, TrialEnded):
        return End(error.kind, now_seconds(), str(error), tail, error.at_limit)
    return End(EndKind.FAILED, now_seconds(), str(error), tail)


async def stop(context: RunContext, variant: Variant) -> None:
    """Stop a variant, interrupted or not; a failure to stop does not spoil what was measured, and
    is told: what is left may disturb what is measured next."""
    call = asyncio.ensure_future(asyncio.to_thread(context.engine.stop, variant))
    with contextlib.suppress(LabError, OSError):
        try:
            await asyncio.shield(call)
        finally:
            (ended,) = await asyncio.gather(call, return_exceptions=True)
            if isinstance(ended, LabError | OSError):
                context.progress.warn(str(ended))


class Scheduler:
    """Runs the variants of a run, and tells the progress which have ended."""

    def __init__(self, context: RunContext) -> None:
        self.context = context
        self.done: list[str] = []
        self.reporting = asyncio.Lock()

    async def all_once(self, variants: Sequence[Variant]) -> None:
        numbers = range(1, self.context.settings.trials + 1)
        todo = [(v, left) for v in variants if (left := self.left(v, numbers))]
        self.done = [v.name for v in variants if not self.left(v, numbers)]
        for name in self.done:
            self.context.progress.update(name, state=KEPT)
        self.expect([variant for variant, left in todo for _ in left])
        await side_by_side([self.variant(variant, left) for variant, left in todo])

    def expect(self, trials: Iterable[Variant]) -> None:
        """Share the room for raw files among these trials, each by its variant."""
        self.context.folder.room.expect(sum(weight_of(self.context, each) for each in trials))

    def left(self, variant: Variant, numbers: Iterable[int]) -> list[int]:
        """The numbers of the trials that no earlier part of the run completed."""
        return [n for n in numbers if (variant.name, n) not in self.context.finished]

    async def variant(self, variant: Variant, numbers: Iterable[int]) -> None:
        """Run trials of a variant one after the other."""
        for number in numbers:
            await conduct(self.context, variant, number)
        await self.report(variant.name)

    async def report(self, name: str) -> None:
        async with self.reporting:  # one at a time, in the order in which they ended
            if name not in self.done:
                self.done.append(name)
            note = await asyncio.to_thread(
                self.context.decider.status_line, self.context.folder, tuple(self.done)
            )
            self.context.progress.finished(name, note)

    async def repeat_some(self, variants: Sequence[Variant]) -> None:
        """One more trial of each variant that the decider names, where the engine can restart."""
        if not self.context.engine.can_restart():
            return
        decider, folder = self.context.decider, self.context.folder
        names = await asyncio.to_thread(decider.variants_to_repeat, folder, tuple(self.done))
        chosen = [variant for variant in variants if variant.name in names]
        self.expect(chosen)
        await side_by_side([self.variant(v, [folder.last_trial(v.name) + 1]) for v in chosen])


async def side_by_side(works: Sequence[Coroutine[object, object, None]]) -> None:
    """Wait until all have ended; the first error, or an interruption, ends the others."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        if tasks:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for task in tasks:  # each once: a second time would cut its cleaning up short
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for error in ended:
        if isinstance(error, Exception):
            raise error


async def run_all(context: RunContext, variants: Sequence[Variant]) -> None:
    """Run all variants in this order, as many at once as the slots allow."""
    scheduler = Scheduler(context)
    await scheduler.all_once(variants)
    await scheduler.repeat_some(variants)
