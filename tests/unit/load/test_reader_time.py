"""A response is read in time in proportion to its size."""

import time
from collections.abc import Callable

import pytest
from lab.load.response_reader import MAX_HEAD_BYTES, ResponseReader

CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def seconds_of(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


@pytest.mark.parametrize("size", [6, 100, 4_096, 262_144])
def test_a_large_chunk_takes_time_in_proportion(size: int) -> None:
    total = 8 << 20
    reader, piece = ResponseReader(), b"x" * size

    def read() -> None:
        reader.feed(CHUNKED_HEAD + b"%x\r\n" % total)
        for _ in range(total // size):
            reader.feed(piece)

    assert seconds_of(read) < 2 + total // size * 1e-6
    assert reader.feed(b"x" * (total % size) + b"\r\n0\r\n\r\n")


def test_many_small_chunks_take_time_in_proportion() -> None:
    reader = ResponseReader()
    reader.feed(CHUNKED_HEAD)
    piece = b"1\r\nx\r\n" * 43_690

    assert seconds_of(lambda: [reader.feed(piece) for _ in range(3)]) < 2
    assert reader.feed(b"0\r\n\r\n")


@pytest.mark.parametrize(
    "start", [b"HTTP/1.1 200 OK\r\nX: ", CHUNKED_HEAD + b"0\r\nX: "], ids=["head", "trailers"]
)
def test_a_large_head_byte_by_byte_is_read_in_time(start: bytes) -> None:
    reader = ResponseReader()
    reader.feed(start)

    def read() -> None:
        for _ in range(MAX_HEAD_BYTES - 200):
            reader.feed(b"y")

    assert seconds_of(read) < 2
