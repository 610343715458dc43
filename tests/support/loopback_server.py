"""A small server on loopback, and a block of load against it."""

import asyncio
import contextlib
import os
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from lab.load.block import BlockPlan, run_block
from lab.load.request import Request
from lab.load.target import Target
from lab.records.observations import Block
from lab.records.variant import Connection

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
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


async def block_of(
    server: Server,
    requests: int = 40,
    concurrency: int = 4,
    connection: Connection = Connection.CLOSE,
    **more: Any,
) -> Block:
    async with listening(server) as target:
        return await run_block(target, BlockPlan(3, requests, concurrency, connection), **more)


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
