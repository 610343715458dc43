"""The clients of an app that lets in: their cookies, tokens and pauses, on a small server."""

import asyncio
import re
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from lab.load.block import BlockPlan, ClosedLoop, run_block
from lab.load.client import LoadClient, Timing
from lab.load.cookies import CookieJar
from lab.load.counts import BlockCounts
from lab.load.login import Login
from lab.load.request import EncodedRequest, Request
from lab.load.request_mix import UserApp, WeightedRequest
from lab.load.session import Session
from lab.load.session_client import SessionClient, with_cookies
from lab.load.target import Target
from lab.load.user_target import one_with_token, user_target
from lab.records.observations import Block
from lab.records.variant import Connection

APP = UserApp((WeightedRequest(Request("/a")),))
KEEP = Connection.KEEP_ALIVE
GREETING = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: id=%d; Path=/\r\n\r\n{}"
TOKEN = b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\nSet-Cookie: who=ann\r\n\r\n{"token": "t"}'


class NumberingServer:
    """Gives each client without `id` a number of its own, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.given = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.asked.append(head)
                writer.write(self.answer(head))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def answer(self, head: bytes) -> bytes:
        if head.startswith(b"POST /token"):
            return TOKEN
        if b"id=" in head:
            return GREETING.replace(b"Set-Cookie: id=%d; Path=/\r\n", b"")
        self.given += 1
        return GREETING % self.given

    def cookies(self) -> list[str]:
        fields = [re.search(rb"\r\nCookie: ([^\r]*)", head) for head in self.asked]
        return [field[1].decode() if field else "" for field in fields]


def loaded(app: UserApp, plans: list[BlockPlan]) -> tuple[NumberingServer, list[Block]]:
    """What the server was asked in these blocks, and what they counted."""

    async def run() -> tuple[NumberingServer, list[Block]]:
        server = NumberingServer()
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        try:
            target = await asyncio.to_thread(user_target, app, "127.0.0.1", port, "app")
            blocks = [await run_block(target, plan) for plan in plans]
            return server, blocks
        finally:
            listening.close()
            await asyncio.sleep(0.02)  # the server sees that its clients have gone

    return asyncio.run(run())


@pytest.mark.parametrize("connection", Connection)
def test_each_client_sends_back_what_it_was_given_also_in_the_next_block(
    connection: Connection,
) -> None:
    kind = replace(APP.requests[0], connection=connection)
    app = replace(APP, requests=(kind,), cookies=True)
    plan = BlockPlan(0, 12, 2, connection)

    server, blocks = loaded(app, [plan, plan])

    assert [block.ok for block in blocks] == [12, 12]
    assert server.given == 2
    assert server.cookies().count("") == 2
    assert set(server.cookies()) == {"", "id=1", "id=2"}


def test_without_the_key_no_cookie_is_sent_back() -> None:
    server, _ = loaded(APP, [BlockPlan(0, 3, 1, KEEP)])
    assert (server.given, server.cookies()) == (3, ["", "", ""])


def test_the_login_comes_first_and_its_token_and_cookie_are_sent() -> None:
    kind = WeightedRequest(Request("/{token}/{n}", headers=(("Authorization", "Bearer {token}"),)))
    login = Login(Request("/token", "POST"), ("token",))
    app = UserApp((kind,), login=login, cookies=True)

    server, (block,) = loaded(app, [BlockPlan(0, 2, 1, Connection.CLOSE)])

    lines = [head.split(b" HTTP")[0].decode() for head in server.asked]
    assert lines == ["POST /token", "GET /t/1", "GET /t/2"]
    assert all(b"Authorization: Bearer t\r\n" in head for head in server.asked[1:])
    assert server.cookies() == ["", "who=ann", "who=ann; id=1"]
    assert list(block.kinds) == ["GET /{token}/{n}"]


def test_the_token_stands_in_bodies_and_is_quoted_in_paths() -> None:
    kind = WeightedRequest(Request("/x/{token}", "POST", body=b'{"t": "{token}"}'))
    request = one_with_token(kind, "a/b").request
    assert request is not None
    assert (request.path, request.body) == ("/x/a%2Fb", b'{"t": "a/b"}')
    assert one_with_token(WeightedRequest(None), "a") == WeightedRequest(None)


def test_an_app_without_these_keys_is_loaded_by_the_plain_client() -> None:
    assert user_target(APP, "127.0.0.1", 1, "app").session is None
    assert clients(None) == [LoadClient]
    assert clients(Session(keeps_cookies=True, think_seconds=0)) == [SessionClient]


def clients(session: Session | None) -> list[type[LoadClient]]:
    async def run() -> list[type[LoadClient]]:
        target = Target("127.0.0.1", 1, "app", Request("/"), session)
        loop = ClosedLoop(target, 1, KEEP, BlockCounts())
        return [type(loop.new_client(Timing(), 0))]

    return asyncio.run(run())


def test_a_request_without_cookies_is_the_same_one() -> None:
    request = EncodedRequest(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", (200,), keep_alive=True)
    assert with_cookies(request, CookieJar()) is request
    assert with_cookies(request, CookieJar([(b"a", b"1")])).data == (
        b"GET / HTTP/1.1\r\nCookie: a=1\r\nHost: h\r\n\r\n"
    )
    bare = replace(request, data=None)
    assert with_cookies(bare, CookieJar([(b"a", b"1")])) is bare


def pauses_of(requests: int, concurrency: int) -> tuple[list[float], Block]:
    """The pauses that the clients asked their loop for."""
    pauses: list[float] = []
    lock = threading.Lock()

    async def run() -> Block:
        server, loop = NumberingServer(), asyncio.get_running_loop()
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        target = user_target(replace(APP, think_seconds=7.0), "127.0.0.1", port, "app")
        later = loop.call_later

        def call_later(delay: float, call: Callable[..., None], *args: object) -> object:
            if delay != 7.0:
                return later(delay, call, *args)
            with lock:
                pauses.append(delay)
            return later(0, call, *args)

        loop.call_later = call_later  # type: ignore[method-assign, assignment]
        try:
            return await run_block(target, BlockPlan(0, requests, concurrency, KEEP))
        finally:
            listening.close()
            await asyncio.sleep(0.02)  # the server sees that its clients have gone

    return pauses, asyncio.run(run())


def test_a_client_pauses_between_its_requests_alone() -> None:
    pauses, block = pauses_of(5, 1)
    assert (pauses, block.ok) == ([7.0] * 4, 5)


def test_a_pause_is_no_silence_of_the_server() -> None:
    async def run(think_seconds: float) -> bool:
        session = Session(keeps_cookies=False, think_seconds=think_seconds)
        target = Target("127.0.0.1", 1, "app", Request("/"), session)
        loop = ClosedLoop(target, 1, KEEP, BlockCounts())
        loop.slowest_seconds, loop.answered_at = 0.001, -1e6
        loop.budget.counts.count_success(0.001)
        loop.answers = 1
        return loop.is_silent(Timing(), 0.0)

    assert asyncio.run(run(0.5))
    assert not asyncio.run(run(1e9))
