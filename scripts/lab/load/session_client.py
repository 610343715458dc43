"""Clients that keep cookies or pause."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from lab.load.client import LoadClient, RequestBudget, Timing
from lab.load.cookies import CookieJar
from lab.load.request import EncodedRequest
from lab.load.response_reader import ResponseReader
from lab.load.session import Session
from lab.load.target import Target


class CookieReader(ResponseReader):
    """A reader that puts the cookies of each head into a jar."""

    def __init__(self, jar: CookieJar) -> None:
        super().__init__()
        self.jar = jar

    def _parse_head(self, head: bytes) -> None:
        super()._parse_head(head)
        self.jar.learn(head)


def with_cookies(request: EncodedRequest, jar: CookieJar) -> EncodedRequest:
    """The request with what the jar holds; the one that was given where it holds nothing."""
    field = jar.field()
    if not field or request.data is None:
        return request
    line, end, rest = request.data.partition(b"\r\n")
    return replace(request, data=line + end + field + rest)


class SessionClient(LoadClient):
    """One of the clients of a user app with cookies or pauses."""

    def __init__(
        self, target: Target, budget: RequestBudget, timing: Timing, on_end: Callable[[], None]
    ) -> None:
        super().__init__(target, budget, timing, on_end)
        self.jar: CookieJar | None = None
        self.think_seconds = 0.0
        self.pause: asyncio.TimerHandle | None = None

    def begin(self, session: Session, number: int) -> None:
        """Take its place among the clients, and its jar."""
        self.jar, self.think_seconds = session.jar(number), session.think_seconds

    def response_reader(self) -> ResponseReader:
        return ResponseReader() if self.jar is None else CookieReader(self.jar)

    def next_request(self) -> None:
        """Send the next request after the pause; the first one, and the end, have none."""
        if self.request is None or self.think_seconds == 0 or self.budget.left == 0:
            super().next_request()
            return
        self.pause = self.loop.call_later(self.think_seconds, super().next_request)

    def send(self) -> None:
        if self.jar is not None and self.request is not None:
            self.request = with_cookies(self.request, self.jar)
        super().send()

    def close(self) -> None:
        if self.pause is not None:
            self.pause.cancel()
        super().close()


class PacedClient(LoadClient):
    """A client that pauses before each request but its first."""

    def next_request(self) -> None:
        pause_seconds = self.timing.companion_pause_seconds if self.counts.sent else 0.0
        self.loop.call_later(pause_seconds, super().next_request)
