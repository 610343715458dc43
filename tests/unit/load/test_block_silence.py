"""A server that is silent, or that drops a connection: what a block makes of it."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from lab.load.block import BlockPlan, run_block
from lab.load.client import Timing
from lab.load.request import Request, request_of
from lab.load.target import Target
from lab.records.variant import Connection
from support.loopback_server import OK, Server, block_of


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
