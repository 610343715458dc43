"""A block of load against a small server on loopback, on both event loops."""

import asyncio
import socket
import time
from typing import Any

import pytest
from lab.load.block import BlockPlan, run_block
from lab.load.client import Timing
from lab.load.request import Request
from lab.load.request_mix import RequestMix, WeightedRequest
from lab.load.target import Target
from lab.records.observations import Block, KindCounts
from lab.records.variant import Connection
from support.loopback_server import OK, UNTIL_CLOSED, Server, block_of, listening, sockets_to

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


@pytest.mark.parametrize("answer", [OK, CHUNKED, UNTIL_CLOSED])
@pytest.mark.parametrize(("requests", "concurrency"), [(1, 1), (41, 4), (3, 10), (100, 40)])
def test_exactly_the_planned_requests_are_sent(
    run: Any, answer: bytes, requests: int, concurrency: int
) -> None:
    server = Server(answer)
    block = run(block_of(server, requests, concurrency))

    assert (block.sent, block.ok, block.failures) == (requests, requests, {})
    assert server.requests == requests
    assert block.index == 3


@pytest.mark.parametrize("connection", list(Connection))
def test_never_more_connections_at_once_than_clients(run: Any, connection: Connection) -> None:
    server = Server(OK, delay_seconds=0.002)
    run(block_of(server, 60, 6, connection))

    assert server.most_open == 6


def test_close_opens_a_connection_a_request(run: Any) -> None:
    server = Server(OK)
    run(block_of(server, 40, 4, Connection.CLOSE))

    assert server.connections == 40
    assert b"Connection: close\r\n" in server.heads[0]


def test_keep_alive_opens_a_connection_a_client(run: Any) -> None:
    server = Server(OK)
    run(block_of(server, 40, 4, Connection.KEEP_ALIVE))

    assert server.connections == 4
    assert b"Connection: keep-alive\r\n" in server.heads[0]


def test_keep_alive_opens_anew_what_the_server_closes(run: Any) -> None:
    server = Server(UNTIL_CLOSED)
    block = run(block_of(server, 40, 4, Connection.KEEP_ALIVE))

    assert (block.ok, server.connections) == (40, 40)


def test_the_request_names_path_and_host(run: Any) -> None:
    server = Server(OK)
    run(block_of(server, 1, 1))

    assert server.heads == [b"GET /sync/lists HTTP/1.1\r\nHost: one\r\nConnection: close\r\n\r\n"]


@pytest.mark.parametrize(
    ("server", "kind"),
    [
        (Server(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"), "status-500"),
        (Server(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"), "status-302"),
        (Server(b"SSH-2.0-OpenSSH_9.2\r\n"), "not-http"),
        (Server(OK, reset=True), "reset"),
        (Server(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort"), "reset"),
    ],
    ids=["500", "302", "not-http", "closes", "breaks-off"],
)
def test_failures_are_counted_by_kind(run: Any, server: Server, kind: str) -> None:
    block = run(block_of(server, 10, 2))

    assert (block.sent, block.ok, block.failures) == (10, 0, {kind: 10})
    assert block.latency_seconds == {}


def test_a_refused_connection(run: Any) -> None:
    target = Target("127.0.0.1", free_port(), "one", Request("/"))
    plan, timing = BlockPlan(0, 10, 2, Connection.CLOSE), Timing(retry_delay_seconds=0.0)
    block = run(run_block(target, plan, timing=timing))

    assert (block.sent, block.ok, block.failures) == (10, 0, {"refused": 10})


@pytest.mark.parametrize("connection", list(Connection))
def test_a_hang_is_a_timeout(run: Any, connection: Connection) -> None:
    timing = Timing(request_timeout_seconds=0.02)
    block = run(block_of(Server(OK, delay_seconds=0.6), 4, 2, connection, timing=timing))

    assert (block.sent, block.ok, block.failures) == (4, 0, {"timeout": 4})


def test_after_the_time_of_a_block_no_more_is_sent_and_what_is_in_flight_is_waited_for(
    run: Any,
) -> None:
    async def short() -> Block:
        async with listening(Server(OK, delay_seconds=0.004)) as target:
            plan = BlockPlan(0, 100_000, 2, Connection.CLOSE, most_seconds=0.02)
            return await run_block(target, plan, timing=Timing(request_timeout_seconds=2.0))

    block = run(short())

    assert 0 < block.sent < 1000
    assert (block.ok, block.failures) == (block.sent, {})


def test_failed_requests_do_not_stop_the_others(run: Any) -> None:
    server = Server(OK)
    server.failing_every = 4
    block = run(block_of(server, 40, 4))

    assert (block.sent, block.ok, block.failures) == (40, 30, {"reset": 10})


def test_progress_ends_with_all_requests_whether_they_failed_or_not(run: Any) -> None:
    server, heard = Server(OK), []
    server.failing_every = 4
    run(block_of(server, 40, 4, on_progress=heard.append))

    assert heard == sorted(heard)
    assert heard[-1] == 40


@pytest.mark.parametrize("connection", list(Connection))
def test_a_cancelled_block_leaves_no_socket(run: Any, connection: Connection) -> None:
    async def cancelled() -> tuple[int, int]:
        async with listening(Server(OK, delay_seconds=0.02)) as target:
            block = run_block(target, BlockPlan(0, 1000, 8, connection))
            task = asyncio.ensure_future(block)
            # A moment at which all are open: with a connection a request some are between two.
            ends_at = time.monotonic() + 10
            while (before := sockets_to(target.port)) != 8 and time.monotonic() < ends_at:
                await asyncio.sleep(0.005)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            for _ in range(5):
                await asyncio.sleep(0)
            return before, sockets_to(target.port)

    before, after = run(cancelled())
    assert before == 8
    assert after == 0


def test_no_socket_is_left_after_a_block(run: Any) -> None:
    async def counted() -> int:
        async with listening(Server(OK)) as target:
            await run_block(target, BlockPlan(0, 20, 4, Connection.KEEP_ALIVE))
            for _ in range(5):
                await asyncio.sleep(0)
            return sockets_to(target.port)

    assert run(counted()) == 0


def test_times_and_latencies_are_of_the_block(run: Any) -> None:
    block = run(block_of(Server(OK, delay_seconds=0.01), 8, 2))
    latency = block.latency_seconds

    assert block.ended_at_seconds - block.started_at_seconds >= 0.04
    assert 0.01 <= latency["p50"] <= latency["p95"] <= latency["max"]
    assert block.driver_busy >= 0


def test_other_statuses_may_be_expected(run: Any) -> None:
    server = Server(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")

    async def asked() -> Block:
        async with listening(server) as target:
            gone = target.with_source(Request("/gone", ok_statuses=frozenset({404})))
            return await run_block(gone, BlockPlan(0, 6, 2, Connection.CLOSE))

    assert run(asked()).ok == 6


REFUSED = b"HTTP/1.1 422 No\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nno\n  text\r\n0\r\n\r\n"


async def counted(answer: bytes, requests: int) -> Block:
    mix = RequestMix([WeightedRequest(Request("/a/{n}")), WeightedRequest(Request("/b"))])
    async with listening(Server(answer)) as target:
        plan = BlockPlan(0, requests, 1, Connection.CLOSE)
        return await run_block(target.with_source(mix), plan)


def test_each_kind_of_request_is_counted_with_what_refused_it_first() -> None:
    block = asyncio.run(counted(REFUSED, 3))
    assert block.kinds == {
        "GET /a/{n}": KindCounts({"422": 2}, 2, 2 * 13, "no text"),
        "GET /b": KindCounts({"422": 1}, 1, 13, "no text"),
    }


def test_the_bodies_of_each_kind_are_counted() -> None:
    block = asyncio.run(counted(OK, 2))
    assert {name: each.body_bytes for name, each in block.kinds.items()} == {
        "GET /a/{n}": 2,
        "GET /b": 2,
    }
    assert not any(each.failed for each in block.kinds.values())


def test_the_matrix_counts_no_kinds() -> None:
    async def plain() -> Block:
        async with listening(Server(OK)) as target:
            return await run_block(target, BlockPlan(0, 1, 1, Connection.CLOSE))

    assert asyncio.run(plain()).kinds == {}
