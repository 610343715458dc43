"""A companion of a block's load, on both event loops."""

import asyncio
from typing import Any

import pytest
from lab.load.block import BlockPlan, run_block
from lab.load.client import Timing
from lab.load.request import Request
from lab.records.variant import Connection
from support.loopback_server import OK, Server, block_of, listening, sockets_to

COMPANION = Request("/health")


def paths_of(server: Server) -> list[bytes]:
    return [head.split(b" ")[1] for head in server.heads]


SHORT_PAUSE = Timing(companion_pause_seconds=0.001)


@pytest.mark.parametrize("connection", list(Connection))
def test_a_companion_runs_meanwhile_and_is_counted_apart(run: Any, connection: Connection) -> None:
    server = Server(OK, delay_seconds=0.01)
    block = run(block_of(server, 20, 4, connection, companion=COMPANION, timing=SHORT_PAUSE))
    asked = paths_of(server).count(b"/health")

    assert (block.sent, block.ok) == (20, 20)
    assert asked >= 2
    assert block.companion_requests == {"ok": asked, "failed": 0}
    # A timer of uvloop may fire a millisecond early.
    assert block.companion_seconds["max"] >= server.delay_seconds / 2


def test_a_companion_sends_one_request_at_a_time(run: Any) -> None:
    server = Server(OK, delay_seconds=0.005)
    run(block_of(server, 20, 4, companion=COMPANION, timing=SHORT_PAUSE))

    assert server.most_open == 4 + 1


def test_a_companion_that_fails_is_counted_and_fails_no_block(run: Any) -> None:
    server = Server(OK)
    server.failing_every = 1
    block = run(block_of(server, 4, 1, companion=COMPANION))

    assert block.failures == {"reset": 4}
    assert block.companion_requests["ok"] == 0
    assert block.companion_requests["failed"] >= 1  # one more each 0.1 s that a busy machine takes
    assert block.companion_seconds == {}


def test_without_a_companion_its_counts_are_empty(run: Any) -> None:
    block = run(block_of(Server(OK), 4, 1))

    assert (block.companion_requests, block.companion_seconds) == ({}, {})


def test_a_cancelled_block_ends_its_companion(run: Any) -> None:
    async def cancelled() -> int:
        async with listening(Server(OK, delay_seconds=0.02)) as target:
            plan = BlockPlan(0, 1000, 2, Connection.KEEP_ALIVE)
            block = run_block(target, plan, companion=COMPANION)
            task = asyncio.ensure_future(block)
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            for _ in range(5):
                await asyncio.sleep(0)
            return sockets_to(target.port)

    assert run(cancelled()) == 0
