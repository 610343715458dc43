"""The warm-up: imports and first answers are over before the baseline is taken."""

from lab.load.block import BlockPlan, run_block
from lab.load.request import request_of
from lab.load.target import Target
from lab.measure.trial_context import TrialContext, not_served
from lab.probes.channels import HEALTH_PATH
from lab.records.variant import Connection

NO_BLOCK = -1
"""The index of what is sent and not recorded as a block."""
WARM_UP_REQUESTS_A_WORKER = 8
"""Requests to the health endpoint, which runs in no pool of FastAPI's: afterwards imports and first
answers are over, and no thread has run the workload."""


async def warm_up(trial: TrialContext, target: Target) -> None:
    """Send the warm-up; it is not recorded.

    Raises:
        TrialEnded: a user app served none of its own requests, so that its load cannot be.
    """
    trial.show(state="warming up")
    if trial.user_app is not None:
        await warm_up_user_app(trial, target, trial.user_app.warm_up)
        return
    requests = WARM_UP_REQUESTS_A_WORKER * trial.variant.axes.workers
    health = target.with_source(request_of(HEALTH_PATH))
    await run_block(health, BlockPlan(NO_BLOCK, requests, 1, Connection.CLOSE))


async def warm_up_user_app(trial: TrialContext, target: Target, requests: int) -> None:
    if requests == 0:
        return
    plan = BlockPlan(NO_BLOCK, requests, trial.plan.concurrency, trial.plan.connection)
    block = await run_block(target, plan)
    if block.ok == 0:
        await trial.check_alive()
        raise not_served(block, "the warm-up was served as expected")
