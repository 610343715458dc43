"""The request that lets the load's clients in: what is taken of its answer, what is said else."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from lab.load.cookies import CookieJar
from lab.load.login import FORM, LET_IN, GrantedLogin, Login, LoginRefused, log_in, token_in
from lab.load.page import Page, page_of
from lab.load.request import Request

LOGIN = Login(Request("/token", "POST", body=b"name=ann", ok_statuses=LET_IN), ("data", "token"))


@contextmanager
def answering(status: int, body: bytes, *cookies: str) -> Iterator[tuple[int, list[bytes]]]:
    """A server on loopback: its port, and the bodies that it was sent."""
    bodies: list[bytes] = []

    class ScriptedAnswers(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            for cookie in cookies:
                self.send_header("Set-Cookie", cookie)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), ScriptedAnswers) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address[1], bodies
        finally:
            server.shutdown()
            thread.join()


def granted(status: int, body: bytes, *cookies: str, login: Login = LOGIN) -> GrantedLogin:
    with answering(status, body, *cookies) as (port, bodies):
        try:
            return log_in("127.0.0.1", port, "app", login)
        finally:
            assert bodies == [b"name=ann"]


def refusal(status: int, body: bytes, *cookies: str, login: Login = LOGIN) -> str:
    with pytest.raises(LoginRefused) as caught:
        granted(status, body, *cookies, login=login)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_the_answer_gives_a_token_and_cookies() -> None:
    grant = granted(200, b'{"data": {"token": "a.b-c"}}', "id=1; Path=/", "x=2")
    assert (grant.token, grant.cookies.field()) == ("a.b-c", b"Cookie: id=1; x=2\r\n")


def test_a_redirection_with_a_cookie_lets_in() -> None:
    grant = granted(302, b"", "id=1", login=Login(LOGIN.request))
    assert (grant.token, grant.cookies.field()) == (None, b"Cookie: id=1\r\n")


def test_a_refused_login_says_status_body_and_next_step() -> None:
    assert refusal(401, b"wrong\n  password" + b"x" * 400) == (
        f"login: POST /token was answered with 401 (it said: wrong password{'x' * 284}): "
        "correct its path, headers or body, or expect"
    )
    assert refusal(500, b"").endswith("was answered with 500: its log says why")


def test_an_answer_without_a_cookie_lets_nobody_in() -> None:
    assert refusal(200, b"<form>", login=Login(LOGIN.request)) == (
        "login: POST /token was answered with 200 and set no cookie (it said: <form>): "
        "correct its path or body, or set token"
    )


def test_a_server_that_is_not_there_is_told() -> None:
    with pytest.raises(LoginRefused, match=r"^login: POST /token had no answer \("):
        log_in("127.0.0.1", 1, "app", LOGIN)


@pytest.mark.parametrize("value", ["", "a b", 'a"b', "a\\b", "a\r\nX: y", "{n}", "ä", True, None])
def test_a_token_that_cannot_be_sent_is_refused(value: object) -> None:
    body = json.dumps({"data": {"token": value}}).encode()
    with pytest.raises(LoginRefused, match=r"^login: data\.token in the answer of POST /token is"):
        token_in(body, LOGIN, Page(), CookieJar())


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"<html>", r"is not JSON \(it said: <html>\)"),
        (b"[" * 100_000, "is not JSON"),
        (b'{"access": "secret"}', r"has no data\.token: it has access: correct token"),
        (b'{"data": "secret"}', r"has no data\.token: correct token"),
    ],
)
def test_what_is_wrong_with_an_answer_is_told_without_a_secret(body: bytes, says: str) -> None:
    with pytest.raises(LoginRefused, match=says) as caught:
        token_in(body, LOGIN, Page(), CookieJar())
    assert "secret" not in str(caught.value)


def test_a_token_may_stand_in_a_list_and_be_a_number() -> None:
    login = Login(LOGIN.request, ("data", "0"))
    assert token_in(b'{"data": [5]}', login, Page(), CookieJar()) == "5"


FORM_PAGE = b"""<meta name="csrf-token" content="of-meta"><form method="post" action="/in">
<input type=hidden name=csrf value="a+b"><input name="name" value="bob">
<input type="hidden" name="to"><INPUT TYPE="hidden" NAME="csrf" VALUE="second"></form>
<p name="no" value="no"><input type="hidden">"""


def test_the_fields_of_a_page_are_read_however_it_is_written() -> None:
    page = page_of(FORM_PAGE)
    assert page.hidden == {"csrf": "a+b", "to": ""}
    assert page.named == {"csrf-token": "of-meta", "csrf": "a+b", "name": "bob", "to": ""}
    assert page_of(b"\xff\x00<input name='a" + b"<" * 1000).named == {}


class Shop(http.server.BaseHTTPRequestHandler):
    """A form with a token, and a login that needs its cookie and its field."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Set-Cookie", "visit=7")
        self.end_headers()
        self.wfile.write(FORM_PAGE)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        is_right = (body, self.headers["Cookie"]) == (b"name=ann&csrf=a%2Bb&to=", "visit=7")
        self.send_response(302 if is_right else 403)
        self.send_header("Set-Cookie", "csrftoken=xyz")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def shop() -> Iterator[int]:
    with http.server.HTTPServer(("127.0.0.1", 0), Shop) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("token", "value"), [("csrf", "a+b"), ("csrf-token", "of-meta"), ("csrftoken", "xyz")]
)
def test_a_login_sends_back_what_its_form_hides_and_finds_a_token_there(
    shop: int, token: str, value: str
) -> None:
    headers = (("Content-Type", FORM),)
    request = Request("/in", "POST", headers, b"name=ann", ok_statuses=LET_IN)
    grant = log_in("127.0.0.1", shop, "app", Login(request, (token,), Request("/in")))
    assert grant.token == value
    assert grant.cookies.field() == b"Cookie: visit=7; csrftoken=xyz\r\n"


def test_a_page_with_a_form_gives_its_token_without_a_login(shop: int) -> None:
    assert log_in("127.0.0.1", shop, "app", Login(Request("/"), ("csrf",))).token == "a+b"
