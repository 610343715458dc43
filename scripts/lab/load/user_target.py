"""Where the load of a user app goes, once its clients are let in."""

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import quote

from lab.load.login import GrantedLogin, log_in
from lab.load.renewal import renewal_of
from lab.load.request_mix import RequestMix, UserApp, WeightedRequest
from lab.load.session import Session
from lab.load.target import Target, site_of

TOKEN = "{token}"
"""Replaced by what the login gave, in a path, a header's value or a body."""


def user_target(app: UserApp, address: str, port: int, host: str) -> Target:
    """The target of an app's load; asks the server once where the app has a login.

    Raises:
        LoginRefused: it let nobody in.
    """
    site = site_of(host)
    granted = log_in(address, port, site, app.login) if app.login else GrantedLogin()
    mix = RequestMix(with_token(app.requests, granted.token))

    def log_in_again() -> str | None:
        return log_in(address, port, site, app.login).token if app.login else None

    def use(token: str) -> None:
        mix.kinds = with_token(app.requests, token)

    renew = renewal_of(granted.token, log_in_again, use)
    return Target(address, port, site, mix, session_of(app, granted), renew)


def session_of(app: UserApp, granted: GrantedLogin) -> Session | None:
    """How its clients behave; None where they do what any client does."""
    if not app.cookies and app.think_seconds == 0:
        return None
    return Session(
        keeps_cookies=app.cookies, think_seconds=app.think_seconds, given=granted.cookies
    )


def with_token(kinds: Sequence[WeightedRequest], token: str | None) -> Sequence[WeightedRequest]:
    """The requests with the token in them, under the names that they had without it."""
    if token is None:
        return kinds
    return [one_with_token(kind, token) for kind in kinds]


def one_with_token(kind: WeightedRequest, token: str) -> WeightedRequest:
    request = kind.request
    if request is None:
        return kind
    filled = replace(
        request,
        path=request.path.replace(TOKEN, quote(token, safe="")),
        headers=tuple((name, value.replace(TOKEN, token)) for name, value in request.headers),
        body=request.body.replace(TOKEN.encode(), token.encode()),
        conversation=request.conversation and request.conversation.filled(TOKEN, token),
    )
    return replace(kind, request=filled, label=kind.name)
