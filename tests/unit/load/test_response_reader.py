import pytest
from lab.load.response_reader import HEAD_LIMIT_BYTES, AnswerReader, ProtocolFault

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
WHOLE = {
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
every_whole_answer = pytest.mark.parametrize(("answer", "status"), WHOLE.values(), ids=WHOLE.keys())


@every_whole_answer
def test_an_answer_in_one_piece_is_whole(answer: bytes, status: int) -> None:
    reader = AnswerReader()

    assert reader.feed(answer)
    assert reader.status == status
    assert reader.buffer == b""


@every_whole_answer
def test_an_answer_byte_by_byte_is_whole_at_its_last(answer: bytes, status: int) -> None:
    reader = AnswerReader()
    found = [reader.feed(bytes([byte])) for byte in answer]

    assert found == [False] * (len(answer) - 1) + [True]
    assert reader.status == status


@every_whole_answer
def test_an_answer_split_anywhere_is_whole(answer: bytes, status: int) -> None:
    for split in range(1, len(answer)):
        reader = AnswerReader()

        assert [reader.feed(answer[:split]), reader.feed(answer[split:])] == [False, True]
        assert reader.status == status


@every_whole_answer
def test_an_answer_that_breaks_off_has_no_proper_end(answer: bytes, status: int) -> None:
    for cut in range(len(answer)):
        reader = AnswerReader()
        reader.feed(answer[:cut])

        assert not reader.end()


def test_one_answer_after_another() -> None:
    reader = AnswerReader()

    found = [(reader.feed(answer), reader.status) for answer, _ in WHOLE.values()]
    assert found == [(True, status) for _, status in WHOLE.values()]


@pytest.mark.parametrize("body", [b"", b"hello", b"\r\n\r\n"])
def test_without_a_length_the_end_of_the_connection_is_the_end(body: bytes) -> None:
    reader = AnswerReader()

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
    reader = AnswerReader()

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
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * HEAD_LIMIT_BYTES,
    ],
)
def test_what_is_not_http_is_a_fault(garbage: bytes) -> None:
    with pytest.raises(ProtocolFault):
        AnswerReader().feed(garbage)


def test_a_large_body_is_counted_and_not_kept() -> None:
    reader = AnswerReader()
    reader.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n")
    found = [reader.feed(b"x" * 1_000_000) for _ in range(3)]

    assert found == [False, False, True]
    assert reader.buffer == b""
