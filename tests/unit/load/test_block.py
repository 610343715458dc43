"""A block of load against a small server on loopback, on both event loops."""

import asyncio
import contextlib
import os
import socket
import stat
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
import uvloop
from lab.load.block import BlockPlan, run_block
from lab.load.client import Timing
from lab.load.request import Request, request_of
from lab.load.request_mix import RequestMix, WeightedRequest
from lab.load.response_reader import ResponseReader
from lab.load.target import Target
from lab.records.observations import Block, KindCounts
from lab.records.variant import Connection

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
UNTIL_CLOSED = b"HTTP/1.0 200 OK\r\n\r\nok"


class Server:
    """Answers every request alike, and counts."""

    def __init__(self, answer: bytes, *, delay_seconds: float = 0.0, reset: bool = False) -> None:
        self.answer, self.delay_seconds, self.reset = answer, delay_seconds, reset
        self.connections = self.requests = self.open = self.most_open = 0
        self.heads: list[bytes] = []
        self.failing_every = 0
        self.closes = answer is UNTIL_CLOSED

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
                if b"Connection: close" in head or self.closes:
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


async def block_of(
    server: Server,
    requests: int = 40,
    concurrency: int = 4,
    connection: Connection = Connection.CLOSE,
    **more: Any,
) -> Block:
    async with listening(server) as target:
        return await run_block(target, BlockPlan(3, requests, concurrency, connection), **more)


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


def test_a_driver_that_stood_still_counts_what_was_answered_meanwhile(run: Any) -> None:
    """A machine that sleeps, or a terminal that stops the lab, is no server that hangs."""
    timing, stalls = Timing(request_timeout_seconds=0.4, least_silence_seconds=0.4), [0.6]

    def stand_still(_: int) -> None:
        time.sleep(stalls.pop() if stalls else 0.0)

    with threaded(OK, 0.3) as target:
        plan = BlockPlan(0, 3, 3, Connection.CLOSE)
        block = run(run_block(target, plan, timing=timing, on_progress=stand_still))

    assert (block.ok, block.failures) == (3, {})


@contextlib.contextmanager
def threaded(answer: bytes, delay_seconds: float) -> Iterator[Target]:
    """A server beside the loop, which answers so much later whatever the loop does."""

    def serve(connection: socket.socket) -> None:
        with connection:
            connection.recv(65536)
            time.sleep(delay_seconds)
            connection.sendall(answer)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                answering.append(threading.Thread(target=serve, args=[listener.accept()[0]]))
                answering[-1].start()

    answering: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield Target("127.0.0.1", listener.getsockname()[1], "one", Request("/"))
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()
            for each in answering:
                each.join()


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


def sockets_to(port: int) -> int:
    """Sockets of this process that are connected to the port: the kernel's table of all lists
    thousands that other tests have closed."""
    count = 0
    for descriptor in map(int, os.listdir("/proc/self/fd")):
        with contextlib.suppress(OSError):  # that of the listing is closed by now
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                with socket.socket(fileno=os.dup(descriptor)) as held:
                    count += held.family == socket.AF_INET and held.getpeername()[1] == port
    return count


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


BODY = b"x" * 3_000_000
LARGE = {
    "counted": b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY),
    "one-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY),
    "two-chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"%x\r\n%b\r\n" % (len(BODY), BODY) * 2
    + b"0\r\n\r\n",
}


@pytest.mark.parametrize("response", LARGE.values(), ids=LARGE.keys())
@pytest.mark.parametrize("connection", list(Connection))
def test_large_bodies_are_complete_and_the_connection_carries_the_next_request(
    run: Any, response: bytes, connection: Connection
) -> None:
    server = Server(response)
    block = run(block_of(server, 9, 3, connection))

    assert (block.ok, block.failures) == (9, {})
    assert server.connections == (9 if connection is Connection.CLOSE else 3)


def test_a_large_body_may_end_with_the_connection(run: Any) -> None:
    server = Server(b"HTTP/1.0 200 OK\r\n\r\n" + BODY)
    server.closes = True
    block = run(block_of(server, 4, 2, Connection.KEEP_ALIVE))

    assert (block.ok, block.failures) == (4, {})


def test_a_large_body_that_breaks_off_is_a_failure(run: Any) -> None:
    server = Server(LARGE["counted"][:2_000_000])
    server.closes = True
    block = run(block_of(server, 4, 2, Connection.KEEP_ALIVE))

    assert (block.ok, block.failures) == (0, {"reset": 4})


def test_a_large_body_that_hangs_is_a_timeout_and_leaves_no_socket(run: Any) -> None:
    async def counted() -> tuple[Block, int]:
        async with listening(Server(LARGE["counted"][:2_000_000])) as target:
            plan = BlockPlan(0, 2, 2, Connection.KEEP_ALIVE)
            block = await run_block(target, plan, timing=Timing(request_timeout_seconds=0.1))
            await asyncio.sleep(0)
            return block, sockets_to(target.port)

    block, left = run(counted())
    assert (block.failures, left) == ({"timeout": 2}, 0)


class Flood:
    """Sends the start of a response, then the same bytes for as long as the client reads."""

    def __init__(self, start: bytes, more: bytes, pause_seconds: float = 0.0) -> None:
        self.start, self.more = start, more * (1 + 262_144 // len(more))
        self.pause_seconds = pause_seconds
        self.ended = asyncio.Event()

    async def serve(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self.start)
        with contextlib.suppress(ConnectionError):
            while not writer.is_closing():
                writer.write(self.more)
                await writer.drain()
                await asyncio.sleep(self.pause_seconds)
        writer.close()
        self.ended.set()


CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
ENDLESS = {
    "head": (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", "too-large"),
    "header": (b"HTTP/1.1 200 OK\r\nX: ", b"y", "too-large"),
    "interim": (b"", b"HTTP/1.1 100 Continue\r\n\r\n", "too-large"),
    "trailers": (CHUNKED_HEAD + b"0\r\n", b"X: y\r\n", "too-large"),
    "chunk-extension": (CHUNKED_HEAD + b"1;", b"y", "too-large"),
    "body": (b"HTTP/1.1 200 OK\r\n\r\n", b"x", "timeout"),
    "chunk": (CHUNKED_HEAD + b"3ff00000\r\n", b"x", "timeout"),
}


@pytest.mark.parametrize(("start", "more", "kind"), ENDLESS.values(), ids=ENDLESS.keys())
def test_an_endless_response_fails_in_time(run: Any, start: bytes, more: bytes, kind: str) -> None:
    async def timed() -> tuple[Block, float]:
        # A fast machine would send the most that is read before the time is over.
        flood = Flood(start, more, pause_seconds=0.01 if kind == "timeout" else 0.0)
        listener = await asyncio.start_server(flood.serve, "127.0.0.1", 0)
        port = listener.sockets[0].getsockname()[1]
        target = Target("127.0.0.1", port, "one", Request("/"))
        async with listener:
            started = time.process_time()
            plan = BlockPlan(0, 1, 1, Connection.CLOSE)
            seconds = 0.3 if kind == "timeout" else 60.0
            timing = Timing(request_timeout_seconds=seconds)
            block = await run_block(target, plan, timing=timing)
            seconds = time.process_time() - started
            await flood.ended.wait()
            return block, seconds

    block, seconds = run(timed())
    assert block.failures == {kind: 1}
    assert seconds < 5


def send_until_closed(listener: socket.socket, data: bytes) -> None:
    """Accept one connection and send the data again and again, as fast as the client reads."""
    connection, _ = listener.accept()
    with connection, contextlib.suppress(ConnectionError):
        connection.recv(4096)
        connection.sendall(CHUNKED_HEAD)
        while True:
            connection.sendall(data)


def test_endless_small_chunks_fail_in_time_and_leave_the_loop_to_others(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lab.load.client.ResponseReader", partial(ResponseReader, 400_000))

    async def flooded() -> tuple[Block, int, float]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            flood = b"1\r\nx\r\n" * 100_000
            thread = threading.Thread(target=send_until_closed, args=(listener, flood))
            thread.start()
            target = Target("127.0.0.1", listener.getsockname()[1], "one", Request("/"))
            started, turns = time.perf_counter(), 0
            load = asyncio.ensure_future(run_block(target, BlockPlan(0, 1, 1, Connection.CLOSE)))
            while not load.done():
                await asyncio.sleep(0.001)
                turns += 1
            thread.join()
            return load.result(), turns, time.perf_counter() - started

    block, turns, seconds = run(flooded())
    assert block.failures == {"too-large": 1}
    assert turns >= 9, seconds


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


def test_a_connection_that_the_server_drops_is_tried_anew(monkeypatch: Any) -> None:
    """A full queue of new connections drops what comes; the kernel waits a second, the lab less."""

    async def run() -> tuple[int, int]:
        loop = asyncio.get_running_loop()
        begin, tried = loop.create_connection, 0

        async def create_connection(*given: Any, **named: Any) -> Any:
            nonlocal tried
            tried += 1
            if tried == 1:
                await asyncio.Event().wait()
            return await begin(*given, **named)

        monkeypatch.setattr(loop, "create_connection", create_connection, raising=False)
        server = await loop.create_server(Answering, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        target = Target("127.0.0.1", port, "server", request_of("/"))
        block = await run_block(target, BlockPlan(0, 2, 1, Connection.CLOSE))
        server.close()
        return block.ok, tried

    assert asyncio.run(run()) == (2, 3)


class Answering(asyncio.Protocol):
    """Answers each request with nothing, and closes."""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, _: bytes) -> None:
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        self.transport.close()


class SilentAfter(Server):
    """Answers some requests and then no other, with its connections open."""

    def __init__(self, answered: int, delay_seconds: float = 0.0) -> None:
        super().__init__(OK, delay_seconds=delay_seconds)
        self.answered = answered

    async def head(self, reader: asyncio.StreamReader) -> bytes:
        head = await super().head(reader)
        if head and self.requests >= self.answered:
            await reader.read()
            return b""
        return head


SILENCE = Timing(request_timeout_seconds=30.0, least_silence_seconds=0.1)


def test_a_server_that_hangs_ends_its_block_after_what_its_answers_justify(run: Any) -> None:
    block = run(block_of(SilentAfter(10), requests=1000, concurrency=4, timing=SILENCE))

    assert block.ok == 10
    assert block.sent == 14
    assert block.failures == {"timeout": 4}


def test_a_slow_server_is_given_the_time_that_its_answers_took(run: Any) -> None:
    server = Server(OK, delay_seconds=0.15)
    block = run(block_of(server, requests=8, concurrency=1, timing=SILENCE))

    assert (block.sent, block.ok) == (8, 8)


@pytest.mark.parametrize(
    ("slowest_seconds", "allowed_seconds"), [(None, 60.0), (0.01, 10.0), (1.5, 30.0), (9.0, 60.0)]
)
def test_the_silence_that_is_allowed(slowest_seconds: float | None, allowed_seconds: float) -> None:
    assert Timing().silence_seconds(slowest_seconds) == allowed_seconds
