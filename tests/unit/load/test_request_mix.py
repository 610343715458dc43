"""The load of a user app: the order of its requests, and the bytes that are sent."""

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from lab.app.requests import weighted_request_of
from lab.app.spec import RequestProtocol, RequestSpec, Upload
from lab.load.block import BlockPlan, run_block
from lab.load.request import Request
from lab.load.request_mix import RequestMix, WeightedRequest, interleaved
from lab.load.target import Target
from lab.records.observations import Block
from lab.records.variant import Connection

HOST = "app"


def sent(mix: RequestMix, count: int) -> list[bytes]:
    encoded = itertools.islice(mix.encoded_requests(HOST, Connection.CLOSE), count)
    return [each.data or b"" for each in encoded]


def first_line(data: bytes) -> str:
    return data.split(b" HTTP")[0].decode()


@pytest.mark.parametrize(
    ("weights", "order"),
    [([1], [0]), ([2, 2], [0, 1]), ([3, 1], [0, 0, 1, 0]), ([1, 2, 4], [2, 1, 2, 0, 2, 1, 2])],
)
def test_weights_are_spread_evenly_and_the_same_each_time(
    weights: list[int], order: list[int]
) -> None:
    assert interleaved(weights) == order


def test_the_number_counts_up_through_path_headers_and_body() -> None:
    request = RequestSpec(method="POST", path="/o/{n}", headers={"X-N": "h{n}"}, body='{"id": {n}}')
    mix = RequestMix([weighted_request_of(request)])

    one, two = sent(mix, 2)
    (three,) = sent(mix, 1)

    assert [first_line(data) for data in (one, two, three)] == [f"POST /o/{n}" for n in (1, 2, 3)]
    assert b"X-N: h2\r\n" in two
    assert two.endswith(b'Content-Length: 9\r\n\r\n{"id": 2}')


def test_a_mix_keeps_its_place_between_blocks() -> None:
    mix = RequestMix([WeightedRequest(Request("/a")), WeightedRequest(Request("/b"))])
    assert [first_line(data)[-1] for data in sent(mix, 3) + sent(mix, 2)] == list("ababa")


def test_each_kind_has_its_own_connection_and_expectation() -> None:
    mix = RequestMix(
        [
            weighted_request_of(RequestSpec(connection=Connection.KEEP_ALIVE, expect=(404,))),
            weighted_request_of(RequestSpec()),
        ]
    )
    first, second = itertools.islice(mix.encoded_requests(HOST, Connection.CLOSE), 2)
    assert (first.keep_alive, second.keep_alive) == (True, False)
    assert (404 in first.ok_statuses, 404 in second.ok_statuses) == (True, False)


def test_a_form_carries_texts_and_files(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG")
    fields = (Upload("note", text="hi {n}"), Upload("file", file=tmp_path / "a.png"))

    (data,) = sent(
        RequestMix([weighted_request_of(RequestSpec(method="POST", multipart=fields))]), 1
    )

    assert b'name="note"\r\n\r\nhi 1\r\n' in data
    assert b'name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n' in data
    assert data.endswith(b"--\r\n")


@pytest.mark.parametrize(
    ("request_", "kind"),
    [
        (RequestSpec(method="POST", body="[1]"), b"application/json"),
        (RequestSpec(method="POST", body="hello"), b"text/plain; charset=utf-8"),
        (RequestSpec(method="POST", body="x", headers={"content-type": "a/b"}), b"a/b"),
    ],
)
def test_a_body_has_a_type(request_: RequestSpec, kind: bytes) -> None:
    (data,) = sent(RequestMix([weighted_request_of(request_)]), 1)
    assert data.lower().count(b"content-type: ") == 1
    assert kind in data


def test_a_post_without_a_body_says_so() -> None:
    (data,) = sent(RequestMix([weighted_request_of(RequestSpec(method="POST"))]), 1)
    assert b"Content-Length: 0\r\n" in data


def test_a_path_in_other_letters_is_encoded() -> None:
    (data,) = sent(RequestMix([weighted_request_of(RequestSpec(path="/größe?q=ä"))]), 1)
    assert first_line(data) == "GET /gr%C3%B6%C3%9Fe?q=%C3%A4"


ConnectionHandler = Callable[
    [asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]
]


def load(handler: ConnectionHandler, kinds: list[WeightedRequest], requests: int) -> Block:
    async def run() -> Block:
        server = await asyncio.start_server(handler, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        target = Target("127.0.0.1", port, HOST, RequestMix(kinds))
        async with server:
            return await run_block(target, BlockPlan(0, requests, 2, Connection.CLOSE))

    return asyncio.run(run())


def test_a_bare_connection_counts_as_served_and_ends_without_a_word() -> None:
    heard: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read())
        writer.close()

    block = load(listen, [weighted_request_of(RequestSpec(kind=RequestProtocol.TCP))], 5)

    assert (block.sent, block.ok, block.failures) == (5, 5, {})
    assert set(heard) <= {b""}


def test_expected_statuses_are_served_and_a_head_has_no_body() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (head := await reader.readuntil(b"\r\n\r\n")).startswith(b"HEAD"):
            writer.write(b"HTTP/1.1 405 No\r\nContent-Length: 99\r\n\r\n")
        writer.write(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")
        assert head.startswith(b"GET")
        writer.close()

    kinds = [
        weighted_request_of(
            RequestSpec(method="HEAD", expect=(405,), connection=Connection.KEEP_ALIVE, weight=3)
        ),
        weighted_request_of(RequestSpec()),
    ]
    block = load(answer, kinds, 8)

    assert (block.ok, dict(block.failures)) == (6, {"status-500": 2})
