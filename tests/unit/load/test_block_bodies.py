"""Large bodies, and responses without an end, on both event loops."""

import asyncio
import contextlib
import time
from typing import Any

import pytest
from lab.load.block import BlockPlan, run_block
from lab.load.client import Timing
from lab.load.request import Request
from lab.load.target import Target
from lab.records.observations import Block
from lab.records.variant import Connection
from support.loopback_server import Server, block_of, listening, sockets_to

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
