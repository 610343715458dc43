"""The warm-up: imports and first answers are over before the baseline is taken."""

from lab.load.block import BlockPlan, run_block
from lab.load.request import request_of
from lab.load.target import Target
from lab.measure.trial_context import TrialContext, not_served
from lab.probes.channels import HEALTH_PATH
from lab.records.observations import Block
from lab.records.variant import Connection

NO_BLOCK = -1
"""The index of what is sent and not recorded as a block."""
WARM_UP_REQUESTS_A_WORKER = 8
"""Requests to the health endpoint, which runs in no pool of FastAPI's: afterwards imports and first
answers are over, and no thread has run the workload."""
MOST_WARM_UP_SECONDS = 20.0
"""A slow app gets fewer requests of its warm-up: its imports and first answers take no more."""
UNEVEN = 2.0
"""How many times the pace of most requests the mean may be."""


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
    """Seconds that a request takes; None where none was sent.

    The first request of each client has imports in it and tells nothing, unless there are no more.
    Where some are much slower than most, as many are sent once more: the app's own slow requests
    are among them again, and what the machine did meanwhile is not.
    """
    if requests == 0:
        return None
    clients = trial.plan.concurrency
    first = await send(trial, target, min(requests, clients))
    left = requests - clients
    if left <= 0:
        return pace_of(first)
    size = min(left, max(clients, int(MOST_WARM_UP_SECONDS / pace_of(first))))
    warm = await send(trial, target, size)
    even = pace_of(warm) <= UNEVEN * median_pace(trial, target, warm)
    # What failed took its time for another reason, and would again.
    if not trial.plan.may_extend or warm.failures or even:
        return pace_of(warm)
    return min(pace_of(warm), pace_of(await send(trial, target, size)))


def pace_of(block: Block) -> float:
    """Seconds that a request takes, with so many in flight: slow ones count as in a load."""
    ended = block.ok + sum(block.failures.values())
    return max((block.ended_at_seconds - block.started_at_seconds) / max(ended, 1), 1e-6)


def median_pace(trial: TrialContext, target: Target, block: Block) -> float:
    """The same, were all requests like most of them."""
    middle = block.latency_seconds.get("p50", 0.0)
    if target.session is not None:
        middle += target.session.think_seconds
    return middle / min(max(block.sent, 1), trial.plan.concurrency)


async def send(trial: TrialContext, target: Target, requests: int) -> Block:
    """The block of so many requests, sent with the load's own concurrency."""
    plan = BlockPlan(NO_BLOCK, requests, trial.plan.concurrency, trial.plan.connection)
    block = await run_block(target, plan)
    if block.ok == 0:
        await trial.check_alive()
        raise not_served(block, "the warm-up was served as expected")
    return block
