"""One trial in its order: start, warm-up, baseline, load block by block, post-load action, end.

Every observation is written as soon as it is made; nothing is judged here.
"""

import asyncio
from dataclasses import replace

from lab.clock import now_seconds
from lab.measure.blocks import BlockLoad
from lab.measure.cooldowns import Cooldowns
from lab.measure.post_load import post_load_action
from lab.measure.startup import ReadyServer, start_server
from lab.measure.trial_context import TrialContext
from lab.measure.warm_up import warm_up
from lab.records.trial import End, EndKind
from lab.records.variant import Scenario

MOST_LOG_LINE_CHARACTERS = 4000
"""An app's line may be of any length, and a record's is bounded where it is read back."""
MOST_REASON_CHARACTERS = 1000


async def run_trial(trial: TrialContext) -> None:
    """One variant in one fresh container, from its start to the record of its end.

    Raises:
        VariantError: it could not go on; the end is not yet written.
    """
    server, request_seconds = await open_server(trial)
    trial = fitted(trial, request_seconds)
    load = BlockLoad(trial, server)
    await load.take_baseline()
    if trial.variant.scenario is Scenario.TRACED:
        await asyncio.to_thread(server.probes.trace)
    await load.run()
    # A probe may answer in a process that has outlived its server.
    await trial.check_alive()
    reason = await post_load_action(trial, server, load.requests_done)
    trial.check_room()
    tail = await log_tail(trial, load.cooldowns)
    end = End(EndKind.COMPLETE, now_seconds(), reason, tail, decided=load.decided)
    end_trial(trial, replace(end, out_of_time=load.out_of_time, out_of_room=load.out_of_room))


async def open_server(trial: TrialContext) -> tuple[ReadyServer, float | None]:
    """The started and warm server, and how long its requests take; starts wait for their turn.

    The warm-up of a user app is of its own requests, as many as it says: it is load as a block is.
    """
    async with trial.run.slots.start_slot():
        server = await start_server(trial)
        if trial.user_app is None:
            return server, await warm_up(trial, server.target)
    trial.show(state="waiting")
    async with trial.load_turn():
        return server, await warm_up(trial, server.target)


def fitted(trial: TrialContext, request_seconds: float | None) -> TrialContext:
    """The trial with a load that fits its time, written down where it is smaller."""
    budget, plan = trial.run.budget, trial.plan
    if budget is None or request_seconds is None or not plan.may_extend:
        return trial
    fit = budget.fit(plan.requests, plan.blocks, request_seconds)
    if fit is None:
        return trial
    trial.writer.write(fit)
    trial.show(state=f"{fit.requests:,} requests fit the time", total=fit.requests)
    return replace(trial, plan=replace(plan, requests=fit.requests))


async def log_tail(trial: TrialContext, cooldowns: Cooldowns) -> tuple[str, ...]:
    """The end of the log where processes of the server were lost; empty elsewhere."""
    killed = trial.variant.scenario is Scenario.MASTER_KILLED
    if not killed and not cooldowns.lost_processes():
        return ()
    return await asyncio.to_thread(trial.run.engine.log_tail, trial.variant)


def end_trial(trial: TrialContext, end: End) -> None:
    """Write the last record; readings that still arrive are dropped."""
    trial.watch.close()
    tail = tuple(line[:MOST_LOG_LINE_CHARACTERS] for line in end.log_tail)
    reason = end.reason[:MOST_REASON_CHARACTERS]
    trial.writer.write(replace(end, reason=reason, log_tail=tail))
