"""The client of the check: it sends what the login and earlier answers gave it."""

from pathlib import Path
from typing import Any

import pytest
from lab.app.guess.asking import Answer
from lab.app.guess.guess_records import GuessedRequest
from lab.app.spec import AppSpec, LoginSpec, RequestSpec
from lab.commands.checks import visitor as check_visitor
from lab.commands.checks.described_check import check_requests
from lab.commands.checks.texts import advice_for_described
from lab.commands.checks.visitor import Visitor
from lab.engines.protocol import Endpoint
from lab.load.cookies import CookieJar
from lab.load.login import GrantedLogin, LoginRefused


class VisitedApp:
    """Answers each time with a cookie, and keeps what it was asked."""

    def __init__(self) -> None:
        self.endpoint = Endpoint("127.0.0.1", 1, 2)
        self.asked: list[dict[str, Any]] = []

    def ask(self, request: GuessedRequest, _: int = 1) -> Answer:
        self.asked.append(dict(request.values))
        return Answer(200, set_cookies=(f"n={len(self.asked)}; Path=/",))

    def log(self) -> str:
        return ""


def asked(granted: GrantedLogin, *, keeps_cookies: bool) -> list[dict[str, Any]]:
    running = VisitedApp()
    visitor = Visitor(running, granted, keeps_cookies=keeps_cookies)  # type: ignore[arg-type]
    request = GuessedRequest({"path": "/{token}", "headers": {"A": "B {token}"}, "body": b"x"}, "")
    for number in (1, 2):
        visitor.ask(request, number)
    return running.asked


def test_token_and_cookies_are_sent() -> None:
    first, second = asked(GrantedLogin("t", CookieJar([(b"id", b"7")])), keeps_cookies=True)
    assert (first["path"], first["body"]) == ("/t", b"x")
    assert first["headers"] == {"A": "B t", "Cookie": "id=7"}
    assert second["headers"]["Cookie"] == "id=7; n=1"


def test_without_the_keys_a_request_stays_as_it_is() -> None:
    _, second = asked(GrantedLogin(), keeps_cookies=False)
    assert second == {"path": "/{token}", "headers": {"A": "B {token}"}, "body": b"x"}


def test_a_refused_login_is_told_once_where_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> GrantedLogin:
        raise LoginRefused("login: it was refused")

    monkeypatch.setattr(check_visitor, "log_in", refuse)
    login = LoginSpec(RequestSpec(method="POST", path="/login"), "token")
    spec = AppSpec(Path("/app/lab.toml"), "shop", command="serve", login=login)
    running = VisitedApp()

    failure = check_requests(running, spec, lambda _: None)[1]  # type: ignore[arg-type]

    assert running.asked == []
    assert failure is not None
    assert advice_for_described(spec, failure) == "/app/lab.toml: login: it was refused"
