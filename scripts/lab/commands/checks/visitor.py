"""A client of the check before measuring: let in as the load's clients are, with its cookies."""

from dataclasses import replace
from typing import Any
from urllib.parse import quote

from lab.app.guess.asking import Answer
from lab.app.guess.guess_records import GuessedRequest
from lab.app.requests import login_of
from lab.app.spec import AppSpec
from lab.commands.checks.app_check import Running
from lab.load.login import GrantedLogin, log_in
from lab.load.target import resolve, site_of
from lab.load.user_target import TOKEN


class Visitor:
    """One client, and what it was given."""

    def __init__(self, running: Running, granted: GrantedLogin, *, keeps_cookies: bool) -> None:
        self.running, self.keeps_cookies = running, keeps_cookies
        self.token, self.jar = granted.token, granted.cookies

    def ask(self, request: GuessedRequest, number: int) -> Answer:
        """The answer to a request, sent with the token and the cookies."""
        answer = self.running.ask(self.filled(request), number)
        for field in answer.set_cookies if self.keeps_cookies else ():
            self.jar.take(field.encode("latin-1", errors="replace"))
        return answer

    def filled(self, request: GuessedRequest) -> GuessedRequest:
        values: dict[str, Any] = dict(request.values)
        headers = dict(values.get("headers", {}))
        if self.token is not None:
            values["path"] = request.path.replace(TOKEN, quote(self.token, safe=""))
            values["body"] = values.get("body", b"").replace(TOKEN.encode(), self.token.encode())
            values["say"] = [text.replace(TOKEN, self.token) for text in values.get("say", ())]
            headers = {name: text.replace(TOKEN, self.token) for name, text in headers.items()}
        if self.keeps_cookies and self.jar.values:
            headers["Cookie"] = self.jar.field().decode("ascii").partition(": ")[2].strip()
        return replace(request, values={**values, "headers": headers})


def let_in(running: Running, spec: AppSpec) -> Visitor:
    """A client that has logged in, where the app has a login.

    Raises:
        LoginRefused: the app let it not in.
    """
    granted = GrantedLogin()
    if spec.login is not None:
        endpoint = running.endpoint
        address = resolve(endpoint.host, endpoint.port)
        site = site_of(endpoint.host)
        granted = log_in(address, endpoint.port, site, login_of(spec.login))
    return Visitor(running, granted, keeps_cookies=spec.cookies)
