"""The load against a small server on loopback, on both event loops."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvloop
from lab.load import client as load
from lab.load.client import Target, failure_kind, latency_quantiles, resolve, run_block
from lab.load.request import Request
from lab.records.observations import Block
from lab.records.variant import Connection

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
ESTABLISHED = "01"
UNTIL_CLOSED = b"HTTP/1.0 200 OK\r\n\r\nok"


class Server:
    """Answers every request alike, and counts."""

    def __init__(self, answer: bytes, *, delay_seconds: float = 0.0, reset: bool = False) -> None:
        self.answer, self.delay_seconds, self.reset = answer, delay_seconds, reset
        self.connections = self.requests = self.open = self.most_open = 0
        self.heads: list[bytes] = []
        self.failing_every = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            while head := await self.head(reader):
                self.requests += 1
                fails = bool(self.failing_every) and self.requests % self.failing_every == 0
                self.heads.append(head)
                await asyncio.sleep(self.delay_seconds)
                if self.reset or fails:
                    break
                writer.write(self.answer)
                await writer.drain()
                if b"Connection: close" in head or self.answer is UNTIL_CLOSED:
                    break
        except ConnectionError:
            pass
        finally:
            self.open -= 1
            writer.close()

    async def head(self, reader: asyncio.StreamReader) -> bytes:
        try:
            return await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return b""


@asynccontextmanager
async def listening(server: Server) -> AsyncIterator[Target]:
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    try:
        yield Target("127.0.0.1", port, "one", Request("/sync/lists"))
    finally:
        await asyncio.sleep(0.005)  # what is being accepted as its server closes is lost
        listener.close()
        await listener.wait_closed()
        while server.open:
            await asyncio.sleep(0.001)


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[[Awaitable[Any]], Any]:
    def on_its_loop(work: Awaitable[Any]) -> Any:
        new = uvloop.new_event_loop if request.param == "uvloop" else asyncio.new_event_loop
        loop = new()
        try:
            return loop.run_until_complete(work)
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    return on_its_loop


async def block_of(server: Server, requests: int = 40, concurrency: int = 4, **more: Any) -> Block:
    more.setdefault("connection", Connection.CLOSE)
    async with listening(server) as target:
        return await run_block(target, index=3, requests=requests, concurrency=concurrency, **more)


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


@pytest.mark.parametrize("answer", [OK, CHUNKED, UNTIL_CLOSED])
@pytest.mark.parametrize(("requests", "concurrency"), [(1, 1), (41, 4), (3, 10), (100, 40)])
def test_exactly_what_was_asked_for_is_sent(
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
    run(block_of(server, 60, 6, connection=connection))

    assert server.most_open == 6


def test_close_opens_a_connection_a_request(run: Any) -> None:
    server = Server(OK)
    run(block_of(server, 40, 4, connection=Connection.CLOSE))

    assert server.connections == 40
    assert b"Connection: close\r\n" in server.heads[0]


def test_keep_alive_opens_a_connection_a_client(run: Any) -> None:
    server = Server(OK)
    run(block_of(server, 40, 4, connection=Connection.KEEP_ALIVE))

    assert server.connections == 4
    assert b"Connection: keep-alive\r\n" in server.heads[0]


def test_keep_alive_opens_anew_what_the_server_closes(run: Any) -> None:
    server = Server(UNTIL_CLOSED)
    block = run(block_of(server, 40, 4, connection=Connection.KEEP_ALIVE))

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


def test_a_refused_connection(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "RETRY_DELAY_SECONDS", 0.0)
    target = Target("127.0.0.1", free_port(), "one", Request("/"))
    block = run(run_block(target, index=0, requests=10, concurrency=2, connection=Connection.CLOSE))

    assert (block.sent, block.ok, block.failures) == (10, 0, {"refused": 10})


@pytest.mark.parametrize("connection", list(Connection))
def test_a_hang_is_a_timeout(
    run: Any, monkeypatch: pytest.MonkeyPatch, connection: Connection
) -> None:
    monkeypatch.setattr(load, "REQUEST_TIMEOUT_SECONDS", 0.02)
    block = run(block_of(Server(OK, delay_seconds=0.6), 4, 2, connection=connection))

    assert (block.sent, block.ok, block.failures) == (4, 0, {"timeout": 4})


def test_some_that_fail_do_not_stop_the_others(run: Any) -> None:
    server = Server(OK)
    server.failing_every = 4
    block = run(block_of(server, 40, 4))

    assert (block.sent, block.ok, block.failures) == (40, 30, {"reset": 10})


def test_every_request_is_heard_of_whether_it_failed_or_not(run: Any) -> None:
    server, heard = Server(OK), []
    server.failing_every = 4
    run(block_of(server, 40, 4, on_progress=lambda: heard.append(1)))

    assert len(heard) == 40


def sockets_to(port: int) -> int:
    """Connections to the port that are open, by the kernel's own table."""
    lines = Path("/proc/self/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    remote_and_state = [(line.split()[2], line.split()[3]) for line in lines]
    return sum(
        remote.endswith(f":{port:04X}") and state == ESTABLISHED
        for remote, state in remote_and_state
    )


@pytest.mark.parametrize("connection", list(Connection))
def test_a_cancelled_block_leaves_no_socket(run: Any, connection: Connection) -> None:
    async def cancelled() -> tuple[int, int]:
        async with listening(Server(OK, delay_seconds=0.02)) as target:
            block = run_block(target, index=0, requests=1000, concurrency=8, connection=connection)
            task = asyncio.ensure_future(block)
            await asyncio.sleep(0.05)
            before = sockets_to(target.port)
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
            await run_block(
                target, index=0, requests=20, concurrency=4, connection=Connection.KEEP_ALIVE
            )
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


def test_quantiles_of_nothing_are_none() -> None:
    assert latency_quantiles([]) == {}


def test_quantiles() -> None:
    found = latency_quantiles([step / 100 for step in range(101)])

    assert found == pytest.approx({"p50": 0.5, "p95": 0.95, "max": 1.0})


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ConnectionRefusedError(), "refused"),
        (ConnectionResetError(), "reset"),
        (BrokenPipeError(), "reset"),
        (asyncio.TimeoutError(), "timeout"),
        (TimeoutError(), "timeout"),
        (OSError("no route to host"), "unreachable"),
    ],
)
def test_kinds_of_failure(error: Exception, kind: str) -> None:
    assert failure_kind(error) == kind


def test_a_name_is_resolved_once_to_an_address() -> None:
    assert resolve("127.0.0.1", 80) == "127.0.0.1"


def test_other_statuses_may_be_what_is_expected(run: Any) -> None:
    server = Server(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")

    async def asked() -> Block:
        async with listening(server) as target:
            wanted = target.asking(Request("/gone", ok_statuses=frozenset({404})))
            return await run_block(
                wanted, index=0, requests=6, concurrency=2, connection=Connection.CLOSE
            )

    assert run(asked()).ok == 6


COMPANION = Request("/health")


def paths_of(server: Server) -> list[bytes]:
    return [head.split(b" ")[1] for head in server.heads]


@pytest.fixture
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "COMPANION_PAUSE_SECONDS", 0.001)


@pytest.mark.usefixtures("_no_pause")
@pytest.mark.parametrize("connection", list(Connection))
def test_a_companion_is_asked_meanwhile_and_counted_apart(run: Any, connection: Connection) -> None:
    server = Server(OK, delay_seconds=0.01)
    block = run(block_of(server, 20, 4, connection=connection, companion=COMPANION))
    asked = paths_of(server).count(b"/health")

    assert (block.sent, block.ok) == (20, 20)
    assert asked >= 2
    assert block.companion_requests == {"ok": asked, "failed": 0}
    assert block.companion_seconds["max"] >= 0.01


@pytest.mark.usefixtures("_no_pause")
def test_a_companion_is_asked_one_request_at_a_time(run: Any) -> None:
    server = Server(OK, delay_seconds=0.005)
    run(block_of(server, 20, 4, companion=COMPANION))

    assert server.most_open == 4 + 1


def test_a_companion_that_fails_is_counted_and_fails_no_block(run: Any) -> None:
    server = Server(OK)
    server.failing_every = 1
    block = run(block_of(server, 4, 1, companion=COMPANION))

    assert block.failures == {"reset": 4}
    assert block.companion_requests == {"ok": 0, "failed": 1}
    assert block.companion_seconds == {}


def test_without_a_companion_nothing_is_said_of_one(run: Any) -> None:
    block = run(block_of(Server(OK), 4, 1))

    assert (block.companion_requests, block.companion_seconds) == ({}, {})


def test_a_cancelled_block_takes_its_companion_with_it(run: Any) -> None:
    async def cancelled() -> int:
        async with listening(Server(OK, delay_seconds=0.02)) as target:
            block = run_block(
                target,
                index=0,
                requests=1000,
                concurrency=2,
                connection=Connection.KEEP_ALIVE,
                companion=COMPANION,
            )
            task = asyncio.ensure_future(block)
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            for _ in range(5):
                await asyncio.sleep(0)
            return sockets_to(target.port)

    assert run(cancelled()) == 0
