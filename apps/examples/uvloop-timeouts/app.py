"""Waits that time out, on uvloop."""

import asyncio
import contextlib
import os

import uvloop

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


async def never():
    await asyncio.Event().wait()


async def once():
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(never(), 0.001)


async def hello(reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    await asyncio.gather(*(once() for _ in range(30)))
    writer.write(ANSWER)
    await writer.drain()
    writer.close()


asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
loop = asyncio.get_event_loop()
loop.run_until_complete(asyncio.start_server(hello, os.environ["HOST"], int(os.environ["PORT"])))
loop.run_forever()
