"""Clients that hang up: on an answer without end, and in the middle."""

import asyncio

from lab.load.block import BlockPlan, run_block
from lab.load.request import Request
from lab.load.request_mix import RequestMix, WeightedRequest
from lab.load.target import Target
from lab.records.observations import Block
from lab.records.variant import Connection

HEAD = b"HTTP/1.1 %d X\r\nContent-Type: text/event-stream\r\n\r\n"


async def endless(status: int, kind: WeightedRequest, requests: int = 2) -> Block:
    """A block against a server whose answers have no end."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(HEAD % status)
            while True:
                writer.write(b"data: x\n\n")
                await writer.drain()
                await asyncio.sleep(0.005)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    target = Target("127.0.0.1", port, "127.0.0.1", RequestMix([kind]))
    try:
        return await run_block(target, BlockPlan(0, requests, 1, Connection.CLOSE))
    finally:
        server.close()
        await asyncio.sleep(0.05)  # the server sees that its clients have gone


def test_an_answer_without_end_is_read_for_its_time_and_counts_as_served() -> None:
    kind = WeightedRequest(Request("/events"), read_seconds=0.02)
    block = asyncio.run(endless(200, kind))
    assert (block.sent, block.ok, dict(block.failures)) == (2, 2, {})
    assert block.kinds["GET /events"].outcomes == {"hung up": 2}


def test_a_refusal_without_end_is_a_refusal() -> None:
    kind = WeightedRequest(Request("/events"), read_seconds=0.02)
    block = asyncio.run(endless(500, kind, 1))
    assert (block.ok, dict(block.failures)) == (0, {"status-500": 1})


def test_a_share_of_the_clients_goes_away() -> None:
    kind = WeightedRequest(Request("/"), abandoned=0.25)
    gone = [number for number in range(1, 13) if kind.encode("h", number).is_abandoned]
    assert gone == [4, 8, 12]


def test_a_client_that_goes_away_needs_no_answer() -> None:
    block = asyncio.run(endless(500, WeightedRequest(Request("/"), abandoned=1.0), 1))
    assert block.sent == block.ok + sum(block.failures.values()) == 1
