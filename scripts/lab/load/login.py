"""The one request before the load of a user app, whose answer lets its clients in."""

import contextlib
import http.client
import json
import re
import socket
import time
from collections.abc import Container
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from lab.errors import VariantError
from lab.load.cookies import CookieJar
from lab.load.deadline import timed_response
from lab.load.page import Page, page_of
from lab.load.request import Request
from lab.records.variant import Connection
from lab.units import MIB

FORM, TYPE = "application/x-www-form-urlencoded", "content-type"
LOGIN_SECONDS = 30.0
"""How long the answer may take; a password's hash is slow on a busy core."""
LET_IN = range(200, 400)
"""Many forms answer with a redirection once the password was right."""
MOST_LOGIN_BYTES = MIB
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
    form: Request | None = None
    """The page that is asked first: its hidden fields and its cookies go along with the request."""

    @property
    def name(self) -> str:
        return f"{self.request.method} {self.request.path}"


@dataclass(frozen=True, slots=True)
class GrantedLogin:
    """The token and the cookies that an answer granted."""

    token: str | None = None
    cookies: CookieJar = field(default_factory=CookieJar)


def log_in(address: str, port: int, host: str, login: Login) -> GrantedLogin:
    """What the server grants; asks it once, and for the page of its form before that.

    Raises:
        LoginRefused: it grants nothing.
    """
    cookies, page = CookieJar(), Page()

    def ask(request: Request) -> tuple[int, bytes]:
        status, fields, body = answer_to(address, port, request.to_bytes(host, CLOSE), request)
        check_status(request, status, body)
        for each in fields:
            cookies.take(each.encode("latin-1", errors="replace"))
        return status, body

    if login.form is not None:
        page = page_of(ask(login.form)[1])
    status, body = ask(with_page(login.request, page, cookies))
    if login.token:
        return GrantedLogin(token_in(body, login, page, cookies), cookies)
    if not cookies.values:
        raise LoginRefused(
            f"login: {login.name} was answered with {status} and set no cookie{quoted_body(body)}: "
            "correct its path or body, or set token"
        )
    return GrantedLogin(None, cookies)


def with_page(request: Request, page: Page, cookies: CookieJar) -> Request:
    """The request with what a browser sends back of the page that it was made from."""
    is_form = any(value == FORM for name, value in request.headers if name.lower() == TYPE)
    body = request.body
    if is_form:
        given = dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
        more = {name: value for name, value in page.hidden.items() if name not in given}
        body = b"&".join(filter(None, (body, urlencode(more).encode())))
    sent = cookies.field().decode("ascii").partition(": ")[2].strip()
    headers = (*request.headers, ("Cookie", sent)) if sent else request.headers
    return replace(request, headers=headers, body=body)


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
            while len(body) < MOST_LOGIN_BYTES and time.monotonic() < deadline:
                part = response.read1(65_536)
                if not part:
                    break
                body += part
            return response.status, response.headers.get_all("Set-Cookie") or [], body


def answer_to(
    address: str, port: int, data: bytes, request: Request
) -> tuple[int, list[str], bytes]:
    """The status, the `Set-Cookie` fields and the body of the answer.

    Raises:
        LoginRefused: there was no answer.
    """
    try:
        return answer_of(address, port, data)
    except (OSError, http.client.HTTPException, ValueError) as error:
        fault = " ".join(str(error).split()) or type(error).__name__
        raise LoginRefused(
            f"login: {name_of(request)} had no answer ({fault[:MOST_SHOWN_BYTES]}): "
            "correct its path"
        ) from error


def name_of(request: Request) -> str:
    return f"{request.method} {request.path}"


def check_status(request: Request, status: int, body: bytes) -> None:
    expected: Container[int] = request.ok_statuses
    if status in expected:
        return
    whose = "its log says why" if status >= 500 else "correct its path, headers or body, or expect"
    raise LoginRefused(
        f"login: {name_of(request)} was answered with {status}{quoted_body(body)}: {whose}"
    )


def quoted_body(body: bytes) -> str:
    """The beginning of a body on one line, behind a blank; empty where there is none."""
    text = " ".join(body[:MOST_SHOWN_BYTES].decode(errors="replace").split())
    return f" (it said: {text})" if text else ""


def token_in(body: bytes, login: Login, page: Page, cookies: CookieJar) -> str:
    """The token that an answer's JSON, a page's form or a cookie holds; nothing else is shown.

    Raises:
        LoginRefused: none does, or it cannot be sent.
    """
    path = ".".join(login.token)
    token = in_form_or_cookie(path, body, page, cookies)
    if token is None:
        token = in_json(path, body, login)
    if FITTING.fullmatch(token) is None:
        raise LoginRefused(
            f"login: {path} in the answer of {login.name} is not a token of 1 to 8192 visible "
            "characters: correct token in [login]"
        )
    return token


def in_form_or_cookie(name: str, body: bytes, page: Page, cookies: CookieJar) -> str | None:
    """The token of an answer without JSON: a field of it or of the page before, else a cookie."""
    with contextlib.suppress(ValueError, RecursionError):
        json.loads(body)
        return cookie_of(name, cookies)
    for fields in (page_of(body).named, page.named):
        if name in fields:
            return fields[name]
    return cookie_of(name, cookies)


def cookie_of(name: str, cookies: CookieJar) -> str | None:
    value = cookies.values.get(name.encode())
    return None if value is None else value.decode("latin-1")


def in_json(path: str, body: bytes, login: Login) -> str:
    """What an answer's JSON holds below a path; empty for anything but text and numbers.

    Raises:
        LoginRefused: it holds nothing there, or is not JSON.
    """
    try:
        node: Any = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise LoginRefused(
            f"login: the answer of {login.name} is not JSON{quoted_body(body)}, and no field of a "
            f"form and no cookie is called {path}: correct its path or body, or token"
        ) from error
    for key in login.token:
        names = parts_by_name(node)
        if key not in names:
            listed = ", ".join(list(names)[:MOST_SHOWN_NAMES])[:MOST_SHOWN_BYTES]
            has = f": it has {' '.join(listed.split())}" if listed else ""
            raise LoginRefused(
                f"login: the answer of {login.name} has no {path}{has}: correct token in [login]"
            )
        node = names[key]
    return str(node) if isinstance(node, str | int) and not isinstance(node, bool) else ""


def parts_by_name(value: Any) -> dict[str, Any]:
    """What a part of JSON holds by name; of a list by number."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list):
        return {str(index): each for index, each in enumerate(value)}
    return {}
