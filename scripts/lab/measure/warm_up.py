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


FIRST_ROUNDS = 2
"""Requests of each client, after which their pace is known."""
MOST_WARM_UP_SECONDS = 20.0
"""A slow app gets fewer requests of its warm-up: its imports and first answers take no more."""


async def warm_up(trial: TrialContext, target: Target) -> float | None:
    """Seconds that a request of a user app takes in the warm-up; None of the matrix. Nothing of it
    is recorded.

    Raises:
        TrialEnded: a user app served none of its own requests, so that its load cannot be.
    """
    trial.show(state="warming up")
    if trial.user_app is not None:
        return await warm_up_user_app(trial, target, trial.user_app.warm_up)
    requests = WARM_UP_REQUESTS_A_WORKER * trial.variant.axes.workers
    health = target.with_source(request_of(HEALTH_PATH))
    await run_block(health, BlockPlan(NO_BLOCK, requests, 1, Connection.CLOSE))
    return None


async def warm_up_user_app(trial: TrialContext, target: Target, requests: int) -> float | None:
    """Seconds that a request takes; None where none was sent."""
    if requests == 0:
        return None
    first = min(requests, FIRST_ROUNDS * trial.plan.concurrency)
    seconds = await send(trial, target, first)
    left = min(requests - first, int(MOST_WARM_UP_SECONDS / seconds))
    return await send(trial, target, left) if left > 0 else seconds


async def send(trial: TrialContext, target: Target, requests: int) -> float:
    """Seconds that a request takes, over so many that are sent with the load's own concurrency."""
    plan = BlockPlan(NO_BLOCK, requests, trial.plan.concurrency, trial.plan.connection)
    block = await run_block(target, plan)
    if block.ok == 0:
        await trial.check_alive()
        raise not_served(block, "the warm-up was served as expected")
    middle = block.latency_seconds.get("p50", 0.0)
    if target.session is not None:
        middle += target.session.think_seconds
    return max(middle / min(requests, trial.plan.concurrency), 1e-6)
