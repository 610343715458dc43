"""The end of a response is found however its bytes are split, and nothing of it grows unlimited."""

import random

import pytest
from lab.load.response_reader import (
    MAX_BODY_BYTES,
    MAX_CHUNK_LINE_BYTES,
    MAX_HEAD_BYTES,
    ProtocolError,
    ResponseReader,
    ResponseTooLarge,
)

COUNTED = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
EMPTY = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\nA;name=value\r\n0123456789\r\n0\r\n\r\n"
)
CHUNKED_WITH_TRAILERS = CHUNKED[:-2] + b"Digest: abc\r\nX: y\r\n\r\n"
CHUNK_THAT_LOOKS_LIKE_AN_END = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n0\r\n\r\n\r\n0\r\n\r\n"
)
NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"
NOT_MODIFIED = b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"
CONTINUED = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + COUNTED
FAILED = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\n\r\nno"
NO_REASON = b"HTTP/1.1 200\r\ncontent-length:0\r\n\r\n"
COMPLETE = {
    "counted": (COUNTED, 200),
    "empty": (EMPTY, 200),
    "chunked": (CHUNKED, 200),
    "trailers": (CHUNKED_WITH_TRAILERS, 200),
    "chunk-like-an-end": (CHUNK_THAT_LOOKS_LIKE_AN_END, 200),
    "204": (NO_CONTENT, 204),
    "304": (NOT_MODIFIED, 304),
    "1xx": (CONTINUED, 200),
    "500": (FAILED, 500),
    "no-reason": (NO_REASON, 200),
}
every_complete_response = pytest.mark.parametrize(
    ("response", "status"), COMPLETE.values(), ids=COMPLETE.keys()
)


@every_complete_response
def test_a_response_in_one_piece_is_complete(response: bytes, status: int) -> None:
    reader = ResponseReader()

    assert reader.feed(response)
    assert (reader.status, reader.unread_bytes) == (status, 0)


@every_complete_response
def test_a_response_byte_by_byte_is_complete_at_its_last(response: bytes, status: int) -> None:
    reader = ResponseReader()
    completed = [reader.feed(bytes([byte])) for byte in response]

    assert completed == [False] * (len(response) - 1) + [True]
    assert reader.status == status


@every_complete_response
def test_a_response_split_anywhere_is_complete(response: bytes, status: int) -> None:
    for split in range(1, len(response)):
        reader = ResponseReader()

        assert [reader.feed(response[:split]), reader.feed(response[split:])] == [False, True]
        assert reader.status == status


@every_complete_response
def test_a_response_that_breaks_off_has_no_proper_end(response: bytes, status: int) -> None:
    for cut in range(len(response)):
        reader = ResponseReader()
        reader.feed(response[:cut])

        assert not reader.end()


def test_one_response_after_another() -> None:
    reader = ResponseReader()

    completed = [(reader.feed(response), reader.status) for response, _ in COMPLETE.values()]
    assert completed == [(True, status) for _, status in COMPLETE.values()]


@pytest.mark.parametrize("body", [b"", b"hello", b"\r\n\r\n"])
def test_without_a_length_the_end_of_the_connection_is_the_end(body: bytes) -> None:
    reader = ResponseReader()

    assert not reader.feed(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body)
    assert reader.end()
    assert reader.status == 200


@pytest.mark.parametrize(
    ("head", "keep_alive"),
    [
        (b"HTTP/1.1 200 OK\r\n", True),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n", False),
        (b"HTTP/1.1 200 OK\r\nconnection: Close\r\n", False),
        (b"HTTP/1.0 200 OK\r\n", False),
        (b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n", True),
    ],
)
def test_whether_the_connection_lives_on(head: bytes, keep_alive: bool) -> None:
    reader = ResponseReader()

    assert reader.feed(head + b"Content-Length: 0\r\n\r\n")
    assert reader.keep_alive is keep_alive


@pytest.mark.parametrize(
    "garbage",
    [
        b"garbage",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x16\x03\x01",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1\r\n\r\n",
        b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1_0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n",
        b"HTTP/1.1 +20 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
    ],
)
def test_bytes_that_are_not_http_are_an_error(garbage: bytes) -> None:
    with pytest.raises(ProtocolError):
        ResponseReader().feed(garbage)


def test_a_large_body_is_counted_and_not_kept() -> None:
    reader = ResponseReader()
    reader.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n")
    completed = [reader.feed(b"x" * 1_000_000) for _ in range(3)]

    assert completed == [False, False, True]


FEW_CHUNKS = 1_000
CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "response",
    [
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * MAX_HEAD_BYTES,
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * MAX_HEAD_BYTES + b"\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\n\r\n" * (1 + MAX_HEAD_BYTES // 28),
        b"HTTP/1.1 100 Continue\r\n\r\n" * 11_000,
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1),
        CHUNKED_HEAD + b"%x\r\n" % (MAX_BODY_BYTES + 1),
        CHUNKED_HEAD + b"1\r\nx\r\n" * (FEW_CHUNKS + 1),
        CHUNKED_HEAD + b"1;" + b"y" * MAX_CHUNK_LINE_BYTES,
        CHUNKED_HEAD + b"0\r\nX: " + b"y" * MAX_HEAD_BYTES,
        CHUNKED_HEAD + b"0\r\nX: " + b"y" * MAX_HEAD_BYTES + b"\r\n\r\n",
        b"HTTP/1.1 100 C\r\nX: " + b"y" * 60_000 + b"\r\n\r\n" + CHUNKED_HEAD
        + b"0\r\nX: " + b"y" * 6_000 + b"\r\n\r\n",
    ],
    ids=[
        "head",
        "complete-head",
        "interim",
        "many-interim",
        "length",
        "chunk-size",
        "chunks",
        "chunk-extension",
        "trailers",
        "complete-trailers",
        "head-and-trailers-together",
    ],
)  # fmt: skip
def test_each_part_of_a_response_has_a_limit(response: bytes) -> None:
    with pytest.raises(ResponseTooLarge):
        ResponseReader(FEW_CHUNKS).feed(response)


def test_all_chunks_together_have_a_limit() -> None:
    reader, size = ResponseReader(), MAX_BODY_BYTES // 2
    reader.feed(CHUNKED_HEAD + b"%x\r\n" % size)
    reader.skip(size)

    with pytest.raises(ResponseTooLarge):
        reader.feed(b"\r\n%x\r\n" % size)


def test_a_body_that_ends_with_the_connection_has_a_limit() -> None:
    reader = ResponseReader()
    reader.feed(b"HTTP/1.1 200 OK\r\n\r\n")
    reader.skip(MAX_BODY_BYTES)

    with pytest.raises(ResponseTooLarge):
        reader.feed(b"xx")


def test_a_connection_with_more_than_the_response_carries_no_other_request() -> None:
    reader = ResponseReader()

    assert reader.feed(COUNTED + b"HTTP/1.1 200 OK\r\n")
    assert not reader.keep_alive


def in_pieces(data: bytes, chance: random.Random) -> list[bytes]:
    """The data in order, split at random places; many pieces are short."""
    pieces, offset = [], 0
    while offset < len(data):
        size = chance.choice((1, 2, 3, chance.randint(1, 40), chance.randint(1, len(data))))
        pieces.append(data[offset : offset + size])
        offset += size
    return pieces


def made_response(chance: random.Random) -> bytes:
    """A response of a random form: interim responses, counted or chunked body, trailers."""
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * chance.choice((0, 0, 1, 3))
    fields = b"".join(b"X-%d: %b\r\n" % (n, b"v" * n) for n in range(chance.randint(0, 9)))
    start = interim + b"HTTP/1.1 200 OK\r\n" + fields
    if chance.random() < 0.3:
        body = chance.randbytes(chance.randint(0, 3000))
        return start + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    bodies = [
        chance.choice((b"\r\n", b"0\r\n\r\n", b"x" * 300)) for _ in range(chance.randint(0, 8))
    ]
    extension = chance.choice((b"", b";a=b", b" ; c"))
    chunks = b"".join(b"%X%b\r\n%b\r\n" % (len(body), extension, body) for body in bodies)
    trailers = chance.choice((b"", b"Digest: abc\r\n", b"A: 0\r\nB: 1\r\n"))
    head = b"Transfer-Encoding: chunked\r\n\r\n"
    return start + head + chunks + b"0\r\n" + trailers + b"\r\n"


def test_responses_split_at_random_end_at_their_last_byte() -> None:
    for seed in range(300):
        chance, reader = random.Random(seed), ResponseReader()
        for _ in range(3):
            response = made_response(chance)
            complete = [reader.feed(piece) for piece in in_pieces(response, chance)]

            assert complete == [False] * (len(complete) - 1) + [True], seed
            assert (reader.status, reader.keep_alive) == (200, True), seed


def outcome(pieces: list[bytes]) -> tuple[str, int]:
    """How reading ends and with which status; the rest of the pieces is not read then."""
    reader = ResponseReader()
    try:
        complete = any(reader.feed(piece) for piece in pieces)
    except (ProtocolError, ResponseTooLarge) as error:
        return type(error).__name__, 0
    return "complete" if complete else "incomplete", reader.status


def test_a_damaged_response_ends_alike_however_it_is_split() -> None:
    for seed in range(300):
        chance = random.Random(seed)
        response = bytearray(made_response(chance))
        for _ in range(chance.randint(1, 4)):
            response[chance.randrange(len(response))] = chance.choice(b"\r\n0f;: \x00\xff")
        data = bytes(response)

        assert outcome(in_pieces(data, chance)) == outcome([data]), seed
