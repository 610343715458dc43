"""Tokens that expire are renewed before blocks, and while they run."""

import asyncio
import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import islice
from typing import Any

import pytest
from lab.load.block import BlockPlan, run_block
from lab.load.login import Login, LoginRefused
from lab.load.renewal import Renewal, expiry_seconds
from lab.load.request import Request
from lab.load.request_mix import UserApp, WeightedRequest
from lab.load.user_target import user_target
from lab.records.variant import Connection


def jwt(claims: Any) -> str:
    text = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"head.{text}.signature"


@pytest.mark.parametrize(
    ("token", "expires"),
    [
        (jwt({"exp": 1_900_000_000}), 1_900_000_000.0),
        (jwt({"exp": "soon"}), None),
        (jwt({"exp": True}), None),
        (jwt({"exp": 10**400}), None),
        (jwt({"exp": float("inf")}), None),
        (jwt({"exp": float("nan")}), None),
        (jwt({"sub": "ann"}), None),
        (jwt([1]), None),
        ("opaque", None),
        ("a.b.c", None),
        (None, None),
    ],
)
def test_a_token_tells_when_it_expires(token: str | None, expires: float | None) -> None:
    assert expiry_seconds(token) == expires


class CountedLogin:
    def __init__(self, life_seconds: float, *, refuses: bool = False) -> None:
        self.life_seconds, self.refuses, self.asked = life_seconds, refuses, 0
        self.used: list[str] = []

    def __call__(self) -> str:
        self.asked += 1
        if self.refuses:
            raise LoginRefused("no")
        return jwt({"exp": time.time() + self.life_seconds})

    def renewal(self, since_seconds: float) -> Renewal:
        granted = time.time() - since_seconds
        return Renewal(self, self.used.append, granted + self.life_seconds, granted)


@pytest.mark.parametrize(("since_seconds", "asked"), [(10.0, 0), (45.0, 0), (55.0, 1), (200.0, 1)])
def test_it_is_renewed_after_half_of_its_life(since_seconds: float, asked: int) -> None:
    login = CountedLogin(100.0)
    renewal = login.renewal(since_seconds)
    renewal()
    renewal()
    assert (login.asked, len(login.used)) == (asked, asked)


@pytest.mark.parametrize("life_seconds", [0.0, -3600.0])
def test_one_that_was_over_when_it_was_granted_is_not_asked_for_again_and_again(
    life_seconds: float,
) -> None:
    login, now = CountedLogin(life_seconds), time.time()
    renewal = Renewal(login, login.used.append, now + life_seconds, now)
    for _ in range(3):
        renewal()
    assert login.asked == 0

    renewal.granted_seconds -= 6
    renewal.expires_seconds -= 6
    for _ in range(3):
        renewal()
    assert login.asked == 1


def test_a_refusal_leaves_the_old_token() -> None:
    login = CountedLogin(100.0, refuses=True)
    login.renewal(200.0)()
    assert (login.asked, login.used) == (1, [])


class TokenServer(BaseHTTPRequestHandler):
    granted = 0

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        TokenServer.granted += 1
        claims = {"exp": time.time() + 100, "number": TokenServer.granted}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"token": jwt(claims)}).encode())


def test_the_requests_of_the_next_block_have_the_new_token() -> None:
    server = HTTPServer(("127.0.0.1", 0), TokenServer)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    asked = WeightedRequest(Request("/a", headers=(("X-Token", "{token}"),)))
    app = UserApp((asked,), login=Login(Request("/token", "POST"), ("token",)))
    target = user_target(app, "127.0.0.1", server.server_address[1], "h")
    assert isinstance(target.renew, Renewal)

    def sent() -> bytes:
        source = target.source.encoded_requests("h", Connection.CLOSE)
        return next(islice(source, 1)).data or b""

    first = sent()
    target.renew()
    assert sent() == first
    target.renew.granted_seconds -= 1_000
    target.renew()
    assert sent() != first
    assert TokenServer.granted == 2
    server.shutdown()
    server.server_close()


class StrictServer(TokenServer):
    """Lets in with a token whose time is not over, and takes its time to answer."""

    life_seconds = 2.0
    protocol_version = "HTTP/1.0"

    def do_POST(self) -> None:
        self.send_response(200)
        self.end_headers()
        claims = {"exp": time.time() + self.life_seconds}
        self.wfile.write(json.dumps({"token": jwt(claims)}).encode())

    def do_GET(self) -> None:
        time.sleep(0.05)
        is_over = (expiry_seconds(self.headers["X-Token"]) or 0.0) < time.time()
        self.send_response(401 if is_over else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()


def test_a_block_may_last_longer_than_a_token() -> None:
    server = HTTPServer(("127.0.0.1", 0), StrictServer)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    asked = WeightedRequest(Request("/a", headers=(("X-Token", "{token}"),)))
    app = UserApp((asked,), login=Login(Request("/token", "POST"), ("token",)))
    target = user_target(app, "127.0.0.1", server.server_address[1], "h")
    plan = BlockPlan(0, 60, 1, Connection.CLOSE)

    block = asyncio.run(run_block(target, plan))

    assert block.ended_at_seconds - block.started_at_seconds > StrictServer.life_seconds
    assert (block.ok, block.failures) == (60, {})
    server.shutdown()
    server.server_close()
