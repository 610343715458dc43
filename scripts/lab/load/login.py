"""The one request before the load of a user app, whose answer lets its clients in."""

import http.client
import json
import re
import socket
import time
from collections.abc import Container
from dataclasses import dataclass, field
from typing import Any

from lab.errors import VariantError
from lab.load.cookies import CookieJar
from lab.load.deadline import timed_response
from lab.load.request import Request
from lab.records.variant import Connection
from lab.units import MIB

LOGIN_SECONDS = 30.0
"""How long the answer may take; a password's hash is slow on a busy core."""
LET_IN = range(200, 400)
"""Many forms answer with a redirection once the password was right."""
MOST_BODY_BYTES = MIB
MOST_SHOWN_BYTES = 300
MOST_SHOWN_NAMES = 8
FITTING = re.compile(r"[\x21\x23-\x5b\x5d-\x7a\x7c\x7e]{1,8192}")
"""Visible ASCII that needs no escape in a header or in JSON, without braces."""


class LoginRefused(VariantError):
    """The login gave no token and no cookie; says why, and the next step."""


@dataclass(frozen=True, slots=True)
class Login:
    """A request, and where in its answer the token stands."""

    request: Request
    token: tuple[str, ...] = ()
    """The keys that lead to the token in the answer's JSON; none: a cookie is what lets in."""

    @property
    def name(self) -> str:
        return f"{self.request.method} {self.request.path}"


@dataclass(frozen=True, slots=True)
class Granted:
    """What an answer gave."""

    token: str | None = None
    cookies: CookieJar = field(default_factory=CookieJar)


def log_in(address: str, port: int, host: str, login: Login) -> Granted:
    """What the server grants; asks it once.

    Raises:
        LoginRefused: it grants nothing.
    """
    try:
        status, fields, body = answer_of(address, port, login.request.to_bytes(host, CLOSE))
    except (OSError, http.client.HTTPException, ValueError) as error:
        fault = " ".join(str(error).split()) or type(error).__name__
        raise LoginRefused(
            f"login: {login.name} had no answer ({fault[:MOST_SHOWN_BYTES]}): correct its path"
        ) from error
    check_status(login, status, body)
    cookies = CookieJar()
    for each in fields:
        cookies.take(each.encode("latin-1", errors="replace"))
    if login.token:
        return Granted(token_in(body, login), cookies)
    if not cookies.values:
        raise LoginRefused(
            f"login: {login.name} was answered with {status} and set no cookie{said(body)}: "
            "correct its path or body, or say token"
        )
    return Granted(None, cookies)


CLOSE = Connection.CLOSE


def answer_of(
    address: str, port: int, data: bytes, seconds: float = LOGIN_SECONDS
) -> tuple[int, list[str], bytes]:
    """Status, Set-Cookie fields and body, whose end is cut off where it is too long or slow.

    Raises:
        OSError: there was none.
        HTTPException: it is not HTTP.
    """
    deadline = time.monotonic() + seconds
    with socket.create_connection((address, port), seconds) as connection:
        connection.sendall(data)
        with timed_response(connection, seconds) as response:
            response.begin()
            body = b""
            while len(body) < MOST_BODY_BYTES and time.monotonic() < deadline:
                part = response.read1(65_536)
                if not part:
                    break
                body += part
            return response.status, response.headers.get_all("Set-Cookie") or [], body


def check_status(login: Login, status: int, body: bytes) -> None:
    expected: Container[int] = login.request.ok_statuses
    if status in expected:
        return
    whose = "its log says why" if status >= 500 else "correct its path, headers or body, or expect"
    raise LoginRefused(f"login: {login.name} was answered with {status}{said(body)}: {whose}")


def said(body: bytes) -> str:
    """The beginning of a body on one line, behind a blank; empty where there is none."""
    text = " ".join(body[:MOST_SHOWN_BYTES].decode(errors="replace").split())
    return f" (it said: {text})" if text else ""


def token_in(body: bytes, login: Login) -> str:
    """The token that an answer's JSON holds; what it holds beside it is not shown.

    Raises:
        LoginRefused: it holds none, or one that cannot be sent.
    """
    path = ".".join(login.token)
    try:
        node: Any = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise LoginRefused(
            f"login: the answer of {login.name} is not JSON{said(body)}: correct its path or body"
        ) from error
    for key in login.token:
        names = named(node)
        if key not in names:
            listed = ", ".join(list(names)[:MOST_SHOWN_NAMES])[:MOST_SHOWN_BYTES]
            has = f": it has {' '.join(listed.split())}" if listed else ""
            raise LoginRefused(
                f"login: the answer of {login.name} has no {path}{has}: correct token in [login]"
            )
        node = names[key]
    text = str(node) if isinstance(node, str | int) and not isinstance(node, bool) else ""
    if FITTING.fullmatch(text) is None:
        raise LoginRefused(
            f"login: {path} in the answer of {login.name} is not a token of 1 to 8192 visible "
            "characters: correct token in [login]"
        )
    return text


def named(value: Any) -> dict[str, Any]:
    """What a part of JSON holds by name; of a list by number."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list):
        return {str(index): each for index, each in enumerate(value)}
    return {}
