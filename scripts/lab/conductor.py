"""All trials of a run: side by side as the lanes allow, each written down with its end."""

import asyncio
import contextlib
import time

from lab.engines import Engine
from lab.errors import LabError
from lab.model import End, EndKind, Variant
from lab.trial_run import Ended, Session, TrialRun


async def conduct(session: Session, variant: Variant, trial: int) -> None:
    """Run one trial and write down how it ended; only an interruption is raised."""
    engine = session.engine
    async with session.lanes.lane(variant.memory_limit_bytes):
        writer = session.folder.trial_writer(variant.name, trial)
        run = TrialRun(session, variant, trial, writer)
        try:
            await run.run()
            session.progress.update(variant.name, state="done")
        except asyncio.CancelledError:
            run.end(End(EndKind.INTERRUPTED, time.time(), "interrupted"))
            raise
        except (LabError, OSError) as error:
            kind = error.kind if isinstance(error, Ended) else EndKind.FAILED
            tail = await asyncio.to_thread(engine.log_tail, variant)
            run.end(End(kind, time.time(), str(error), tail))
            session.progress.update(variant.name, state=kind.value)
        finally:
            run.close()
            writer.close()
            await stop(engine, variant)


async def stop(engine: Engine, variant: Variant) -> None:
    """Stop a variant to the end, interrupted or not; what cannot be stopped has been measured."""
    call = asyncio.ensure_future(asyncio.to_thread(engine.stop, variant))
    with contextlib.suppress(LabError, OSError):
        try:
            await asyncio.shield(call)
        finally:
            await asyncio.gather(call, return_exceptions=True)


async def conduct_variant(session: Session, variant: Variant) -> None:
    """All trials of a variant, one after the other."""
    for trial in range(1, session.settings.trials + 1):
        await conduct(session, variant, trial)


async def conduct_all(session: Session, variants: tuple[Variant, ...]) -> None:
    """All variants, side by side as far as the lanes allow."""
    tasks = [asyncio.ensure_future(conduct_variant(session, variant)) for variant in variants]
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
