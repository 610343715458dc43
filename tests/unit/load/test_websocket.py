"""Conversations over a websocket: opened, said, heard, closed, and what is none."""

import asyncio
import random
from collections.abc import Callable

import pytest
from lab.load.block import BlockPlan, run_block
from lab.load.request import Request
from lab.load.request_mix import RequestMix, WeightedRequest
from lab.load.response_reader import ProtocolError, ResponseTooLarge
from lab.load.target import Target
from lab.load.websocket import ACCEPTED, Conversation, WebSocketReader, frame
from lab.records.observations import Block
from lab.records.variant import Connection

HEAD = b"HTTP/1.1 101 Switching\r\nSec-WebSocket-Accept: " + ACCEPTED + b"\r\n\r\n"
BYE = b"\x88\x02\x03\xe8"


def unmasked(data: bytes) -> list[tuple[int, bytes]]:
    """Opcodes and payloads of a client's frames, each shorter than 126 bytes."""
    frames = []
    while data:
        size, mask = data[1] & 0x7F, data[2:6]
        payload = bytes(b ^ mask[i % 4] for i, b in enumerate(data[6 : 6 + size]))
        frames.append((data[0] & 0x0F, payload))
        data = data[6 + size :]
    return frames


def talk(data: bytes, texts: tuple[str, ...] = (), listen: int = 0, size: int = 1 << 20):
    """A reader that was fed a server's bytes in parts, what it wrote, and whether it ended."""
    written: list[bytes] = []
    reader = WebSocketReader(Conversation(texts, listen), written.append)
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    over = [reader.feed(part) for part in parts]
    assert not any(over[:-1])
    return reader, unmasked(b"".join(written)), over[-1]


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_messages_are_counted_in_whatever_parts_they_come(size: int) -> None:
    ping, first, second = b"\x89\x02hi", b"\x01\x03abc", b"\x80\x02de"
    long = b"\x82\x7e\x01\x00" + bytes(256)
    reader, said, over = talk(HEAD + ping + first + second + long + BYE, ("a", "b"), 2, size)
    assert over
    assert (reader.status, reader.messages, reader.body_bytes) == (101, 2, 261)
    assert said == [(1, b"a"), (1, b"b"), (10, b"hi"), (8, b"\x03\xe8")]


def test_without_listening_it_closes_at_once_and_waits_for_the_answer() -> None:
    reader, said, over = talk(HEAD, listen=0)
    assert (said, over, reader.end()) == ([(8, b"\x03\xe8")], False, True)


def test_a_server_that_closes_first_gives_its_code() -> None:
    reader, said, over = talk(HEAD + b"\x88\x06\x03\xf0nope", ("a",), 1)
    assert (reader.status, reader.last_message, over) == (1008, b"nope", True)
    assert said[-1] == (8, b"\x03\xf0")


def test_a_refused_handshake_is_a_response() -> None:
    reader, said, over = talk(b"HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno", ("a",), 1, 5)
    assert (reader.status, said, over) == (403, [], True)


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 101 X\r\nSec-WebSocket-Accept: other\r\n\r\n",
        HEAD + b"\x81\x81",
        HEAD + b"\xc1\x01a",
        HEAD + b"\x83\x01a",
        HEAD + b"\x08\x00",
        HEAD + b"\x89\x7e\x00\x80",
        b"SSH-2.0-OpenSSH\r\n\r\n",
    ],
)
def test_what_is_no_websocket_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        talk(data, ("a",), 1)


@pytest.mark.parametrize("size", [1 << 40, (1 << 63) - 1, 1 << 63, (1 << 64) - 1])
@pytest.mark.parametrize("opcode", [b"\x81", b"\x01", b"\x82", b"\x00"])
def test_a_message_without_end_is_refused(opcode: bytes, size: int) -> None:
    with pytest.raises(ResponseTooLarge):
        talk(HEAD + opcode + b"\x7f" + size.to_bytes(8), ("a",), 1)


def test_a_message_in_fragments_without_end_is_refused() -> None:
    with pytest.raises(ResponseTooLarge):
        talk(
            HEAD
            + b"\x01\x7f"
            + (40 << 20).to_bytes(8)
            + bytes(40 << 20)
            + b"\x00\x7f"
            + (40 << 20).to_bytes(8),
            ("a",),
            1,
        )


def test_pings_without_end_are_not_answered_without_end() -> None:
    """A server that reads no answer would have them kept here."""
    with pytest.raises(ResponseTooLarge, match="pings"):
        talk(HEAD + (b"\x89\x7d" + bytes(125)) * 2_000, ("a",), 1)


def test_random_bytes_end_in_one_of_the_known_ways() -> None:
    dice = random.Random(596)
    for _ in range(2_000):
        data = HEAD + dice.randbytes(dice.randrange(1, 40))
        try:
            talk(data, ("a",), 2)
        except (ProtocolError, ResponseTooLarge, AssertionError):
            continue


def test_a_long_text_has_its_length_in_eight_bytes() -> None:
    assert frame(1, bytes(70_000))[1:10] == bytes((0x80 | 127,)) + (70_000).to_bytes(8)


async def echo(kind: WeightedRequest, requests: int, answer: Callable[[bytes], bytes]) -> Block:
    """A block against a server that answers each text, and closes when it is told to."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD)
        while True:
            head = await reader.readexactly(6)
            payload = await reader.readexactly(head[1] & 0x7F)
            text = bytes(b ^ head[2 + i % 4] for i, b in enumerate(payload))
            if head[0] & 0x0F == 8:
                writer.write(BYE)
                break
            said = answer(text)
            writer.write(bytes((0x81, len(said))) + said)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    target = Target(
        "127.0.0.1", server.sockets[0].getsockname()[1], "127.0.0.1", RequestMix([kind])
    )
    try:
        return await run_block(target, BlockPlan(0, requests, 2, Connection.CLOSE))
    finally:
        server.close()


def test_a_block_of_conversations_is_counted_under_its_kind() -> None:
    heard: list[bytes] = []

    def answer(text: bytes) -> bytes:
        heard.append(text)
        return b"got " + text

    opened = Request("/ws", ok_statuses=(101,), conversation=Conversation(("hi {n}",), 1))
    kind = WeightedRequest(opened, connection=Connection.KEEP_ALIVE)
    block = asyncio.run(echo(kind, 6, answer))
    assert (block.sent, block.ok, dict(block.failures)) == (6, 6, {})
    assert block.kinds["WEBSOCKET /ws"].outcomes == {"101": 6}
    assert block.kinds["WEBSOCKET /ws"].body_bytes == 6 * len(b"got hi 1")
    assert sorted(heard) == [b"hi %d" % number for number in range(1, 7)]
