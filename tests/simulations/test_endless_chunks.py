"""A response of chunks without an end, up to the limit of one response."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable

import pytest
import uvloop
from lab.load.block import BlockPlan, run_block
from lab.load.request import Request
from lab.load.target import Target
from lab.records.observations import Block
from lab.records.variant import Connection

CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def send_until_closed(listener: socket.socket, data: bytes) -> None:
    """Accept one connection and send the data again and again, as fast as the client reads."""
    connection, _ = listener.accept()
    with connection, contextlib.suppress(ConnectionError):
        connection.recv(4096)
        connection.sendall(CHUNKED_HEAD)
        while True:
            connection.sendall(data)


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_endless_small_chunks_fail_in_time_and_leave_the_loop_to_others(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
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

    with asyncio.Runner(loop_factory=new_loop) as runner:
        block, turns, seconds = runner.run(flooded())
    assert block.failures == {"too-large": 1}
    assert turns >= 9, seconds
