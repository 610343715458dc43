"""The warm-up: imports and first answers are over before the baseline is taken."""

from lab.load.client import Target, run_block
from lab.load.request import request_of
from lab.measure.trial_context import TrialContext, not_served
from lab.probes.client import HEALTH_PATH
from lab.records.variant import Connection

WARM_UP_REQUESTS_A_WORKER = 8
"""To the health endpoint, which runs in no pool of FastAPI's: imports and first answers are
over, and no thread has run the workload."""


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
    await run_block(
        target.asking(request_of(HEALTH_PATH)),
        index=-1,
        requests=requests,
        concurrency=1,
        connection=Connection.CLOSE,
    )


async def warm_up_user_app(trial: TrialContext, target: Target, requests: int) -> None:
    if requests == 0:
        return
    block = await run_block(
        target,
        index=-1,
        requests=requests,
        concurrency=trial.plan.concurrency,
        connection=trial.plan.connection,
    )
    if block.ok == 0:
        await trial.check_alive()
        raise not_served(block, "the warm-up was served as expected")
