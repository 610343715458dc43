"""Which requests an app is measured with: those that it answers, once it runs."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from urllib.parse import urljoin, urlsplit

from lab.app.guess.guess_records import WEBSOCKET, Guess, Guessed, GuessedRequest
from lab.app.guess.openapi import DOCUMENTS, MAX_DOCUMENT_BYTES, described_requests, parse_document
from lab.app.guess.websockets import FORMS
from lab.load.websocket import SWITCHING
from lab.records.judgement import LEAST_REQUESTS

A_USUAL_PATH = "a usual path"
MOST_KEPT = 5
REFUSALS = range(200, 600)
"""A response in the place of a websocket's handshake: what is said over it changes nothing."""
REDIRECTIONS = (301, 302, 303, 307, 308)
MOST_ROUTES_ASKED = 40
MOST_UNANSWERED = 4
"""Each takes as long as an answer may: an app that waits for a server answers none of them."""
SLOW_SECONDS = 0.1
READ_SECONDS = 0.2
"""How long an answer without end is read by the load."""
LOAD_SECONDS = 240.0
"""How long the load of a guess may take on a machine of two cores."""
USUAL_COUNT = 4000
NOT_BY_THAT_NAME = 400
"""How Django and Starlette refuse a Host header that they do not allow."""
NOT_FOUND = 404
SERVER_NAME = re.compile(r"(?:\w+_)?SERVER_NAME")
"""Variables with the only name by which Flask and Quart have routes."""
HOST = re.compile(r"[A-Za-z0-9][\w.-]{0,200}(?::\d{1,5})?")
MOST_HOSTS = 3
USUAL = (
    "/",
    "/docs",
    "/api",
    "/api/",
    "/health",
    "/healthz",
    "/index.html",
    "/login",
    "/admin/login/",
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back of one request."""

    status: int | None
    """The answer's HTTP status; None: no HTTP answer came."""
    body: bytes = b""
    location: str = ""
    fault: str = ""
    """Why there was none."""
    is_endless: bool = False
    """Whether it went on and on, as a stream of events does."""
    seconds: float = 0.0
    """How long it took."""
    set_cookies: tuple[str, ...] = ()
    """The cookies that it sets, as their fields say it."""

    @property
    def is_served(self) -> bool:
        fits = self.status is not None and (200 <= self.status < 300 or self.status == SWITCHING)
        return fits and not self.is_endless


Ask = Callable[[GuessedRequest], Answer]


def is_fault(answer: Answer) -> bool:
    """Whether the app, and not the request, is at fault."""
    return answer.status is None or answer.status >= 500


@dataclass
class TriedRequests:
    """What was asked so far, with what came back."""

    kept: list[GuessedRequest] = field(default_factory=list)
    others: list[tuple[GuessedRequest, Answer]] = field(default_factory=list)
    seen: set[tuple[str, str]] = field(default_factory=set)
    slowest_seconds: float = 0.0
    """The slowest answer among the requests that are kept, first answers left out."""
    refused_together: list[tuple[GuessedRequest, Answer]] = field(default_factory=list)
    """What is answered alone, and not when several are asked for at once."""
    one_at_a_time: bool = False
    """Whether nothing is answered but one request at a time."""

    @property
    def failed(self) -> list[Answer]:
        """What came of the app's own requests that it did not answer, or with a fault."""
        return [a for r, a in self.others if r.why != A_USUAL_PATH and is_fault(a)]

    @property
    def serves_nothing_own(self) -> bool:
        """Whether all that is kept is usual, such as a framework's own page of documents."""
        return all(request.why == A_USUAL_PATH for request in self.kept)


def answered_requests(guess: Guess, ask: Ask) -> tuple[tuple[GuessedRequest, ...], TriedRequests]:
    """The requests that are answered as they should be, and what came of all that were tried.

    The app's own document comes before what was read in its code, what is usual last.
    """
    asked = try_candidates(guess, ask)
    if not asked.kept and refused_by_name(asked):
        asked = by_name(guess, ask) or asked
    if not asked.kept:
        asked.kept = fallback(asked)
    return tuple(asked.kept), asked


def try_candidates(guess: Guess, ask: Ask) -> TriedRequests:
    """What came of the candidates, of which no more are asked once enough are answered."""
    asked = TriedRequests()
    for request in candidates(guess, ask):
        if len(asked.kept) >= MOST_KEPT or len(asked.seen) >= MOST_ROUTES_ASKED:
            break
        if asked.kept and (request.why == A_USUAL_PATH or request in guess.filled):
            break
        unanswered = sum(1 for each in asked.failed if each.status is None)
        if not asked.kept and unanswered >= MOST_UNANSWERED:
            break
        try_request(request, ask, asked)
    return asked


def refused_by_name(asked: TriedRequests) -> bool:
    """Whether it may answer by another name: Django says so, Flask has no route by this one."""
    statuses = {answer.status for _, answer in asked.others}
    return NOT_BY_THAT_NAME in statuses or statuses == {NOT_FOUND}


def names_of(guess: Guess) -> list[str]:
    """The names by which the app's code or its environment says that it is asked."""
    environment = guess.value("environment") or {}
    given = (str(value) for name, value in environment.items() if SERVER_NAME.fullmatch(name))
    return list(dict.fromkeys((*filter(HOST.fullmatch, given), *guess.hosts)))


def by_name(guess: Guess, ask: Ask) -> TriedRequests | None:
    """What came of them by the first name that the app's code allows and that is answered."""
    for host in names_of(guess)[:MOST_HOSTS]:
        ask_as = partial(ask_by_name, ask, host)
        asked = try_candidates(guess, ask_as)
        if asked.kept:
            asked.kept = [with_host(request, host) for request in asked.kept]
            return asked
    return None


def ask_by_name(ask: Ask, host: str, request: GuessedRequest) -> Answer:
    return ask(with_host(request, host))


def with_host(request: GuessedRequest, host: str) -> GuessedRequest:
    """The request with that name in its Host header."""
    headers = {**request.values.get("headers", {}), "Host": host}
    return replace(request, values={**request.values, "headers": headers})


def load_of(asked: TriedRequests) -> Guessed | None:
    """The key of a smaller load, where answers are slow; None where they are not."""
    seconds = asked.slowest_seconds
    if seconds * USUAL_COUNT / 2 <= LOAD_SECONDS:
        return None
    count = max(LEAST_REQUESTS, int(2 * LOAD_SECONDS / seconds) // 100 * 100)
    return Guessed("count", count, f"an answer takes {seconds:.2f} s")


def candidates(guess: Guess, ask: Ask) -> Iterator[GuessedRequest]:
    yield from guess.requests
    yield from from_documents(ask)
    yield from guess.filled
    yield from (GuessedRequest({"path": path}, A_USUAL_PATH) for path in USUAL)


def from_documents(ask: Ask) -> Iterator[GuessedRequest]:
    for path in DOCUMENTS:
        answer = ask(GuessedRequest({"path": path}, ""))
        fits = answer.is_served and len(answer.body) <= MAX_DOCUMENT_BYTES
        if fits and (document := parse_document(answer.body)) is not None:
            yield from described_requests(document)
            return


def try_request(request: GuessedRequest, ask: Ask, asked: TriedRequests, depth: int = 0) -> None:
    """Ask for a path and follow where it leads; keep what is served, and what writes only where it
    is served twice."""
    if (request.method, request.path) in asked.seen:
        return
    asked.seen.add((request.method, request.path))
    if request.is_websocket:
        try_websocket(request, ask, asked)
        return
    answer = ask(request)
    if answer.is_served and (request.method != "GET" or answer.seconds > SLOW_SECONDS):
        answer = ask(request)
    if answer.is_served:
        asked.kept.append(request)
        asked.slowest_seconds = max(asked.slowest_seconds, answer.seconds)
        return
    asked.others.append((request, answer))
    if answer.status == 405 and request.method == "GET" and request.why != A_USUAL_PATH:
        try_writing(request, ask, asked)
    leads = answer.status in REDIRECTIONS and request.method == "GET" and depth < 3
    if leads and (target := local_path(request.path, answer.location)) and is_new(target, asked):
        values, why = {**request.values, "path": target}, f"where {request.path} leads"
        try_request(replace(request, values=values, why=why), ask, asked, depth + 1)


def is_new(target: str, asked: TriedRequests) -> bool:
    """Whether no page that is kept has this path, queries apart."""
    return all(each.path.partition("?")[0] != target.partition("?")[0] for each in asked.kept)


def try_writing(request: GuessedRequest, ask: Ask, asked: TriedRequests) -> None:
    """The path by POST, with nothing in its body, where it is not to be read."""
    for more in ({}, {"body": "{}", "headers": {"Content-Type": "application/json"}}):
        values = {**request.values, "method": "POST", **more}
        tried = replace(request, values=values, why=f"{request.why}, by POST")
        answer = keep_if_served_twice(tried, ask, asked)
        if tried in asked.kept:
            return
    asked.others.append((tried, answer))


def keep_if_served_twice(request: GuessedRequest, ask: Ask, asked: TriedRequests) -> Answer:
    """The last answer; the request is kept where it is served twice."""
    answer = ask(request)
    if answer.is_served and (answer := ask(request)).is_served:
        asked.kept.append(request)
        asked.slowest_seconds = max(asked.slowest_seconds, answer.seconds)
    return answer


def try_websocket(request: GuessedRequest, ask: Ask, asked: TriedRequests) -> None:
    """Keep what is answered twice of all that may be said over it."""
    answer = ask(request)
    for form in FORMS:
        if answer.status is None or answer.status in REFUSALS:
            break
        said = {"kind": WEBSOCKET, "path": request.path, **form}
        tried = replace(request, values=said)
        answer = keep_if_served_twice(tried, ask, asked)
        if tried in asked.kept:
            return
    asked.others.append((request, answer))


def local_path(path: str, location: str) -> str | None:
    """The path of a redirection in the app itself."""
    parts = urlsplit(urljoin(f"http://127.0.0.1{path}", location))
    if parts.hostname not in ("127.0.0.1", "localhost", "0.0.0.0") or not parts.path:
        return None
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    return target if target != path and target.isascii() and " " not in target else None


def fallback(asked: TriedRequests) -> list[GuessedRequest]:
    """Requests that are answered by a redirection or a refusal, where nothing is served; each
    expects its own status."""
    for request, answer in asked.others:
        if answer.is_endless and answer.status is not None and 200 <= answer.status < 300:
            why = f"an answer without end: it is read for {READ_SECONDS} s"
            asked.slowest_seconds = READ_SECONDS
            return [
                replace(request, values={**request.values, "read_seconds": READ_SECONDS}, why=why)
            ]
    if asked.failed:
        return []
    answered = [(r, a.status) for r, a in asked.others if a.status is not None and a.status < 500]
    for statuses in (range(300, 400), (401, 403), (405, 422, 400)):
        for request, status in answered:
            if status in statuses:
                why = f"nothing is answered with a 2xx: this is answered with {status}"
                return [replace(request, values={**request.values, "expect": [status]}, why=why)]
    return []
