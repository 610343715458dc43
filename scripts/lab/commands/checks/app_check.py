"""Whether an app comes up and answers, before anything is measured: one request of each kind."""

import contextlib
import http.client
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from lab.app.guess.asking import Answer
from lab.app.guess.failures import Failure, FailureKind, cannot_import
from lab.app.guess.guess_records import GuessedRequest
from lab.app.spec import AppSpec
from lab.commands.checks.websocket_check import converse
from lab.engines.accepting import accepts
from lab.engines.process.listening import Listening
from lab.engines.protocol import (
    CompanionFailed,
    Endpoint,
    Engine,
    PrepareFailed,
    ServerFailed,
)
from lab.errors import VariantError
from lab.load.deadline import shorten, timed_response
from lab.load.target import site_of
from lab.measure.host import busy_factor
from lab.records.variant import Variant
from lab.text.phrases import clipped
from lab.units import MIB

CHECK_ANSWER_SECONDS = 10.0
POLL_SECONDS = 0.1
ELSEWHERE_SECONDS = 2.0
"""How long it may listen on another port before that is taken for its only one."""
CHECK_READY_SECONDS = 30.0
"""How long a guess has to come up on a machine that does nothing else."""
CHECK_LOG_LINES = 200
MOST_CHECKED_BYTES = 4 * MIB
BODY_SECONDS = 2.0
"""How long an answer without end is read."""
Sockets = Callable[[Endpoint], frozenset[Listening] | None]
"""What its processes listen on by now; None where that is not known."""


class NotUp(Exception):
    """The app did not come up; carries why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.said)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Running:
    """An app that answers, and where its words are."""

    endpoint: Endpoint
    engine: Engine
    variant: Variant

    def ask(self, request: GuessedRequest, number: int = 1) -> Answer:
        if request.is_websocket:
            return converse(self.endpoint.host, self.endpoint.port, request, number)
        return ask(self.endpoint.host, self.endpoint.port, request, number)

    def log(self) -> str:
        return "\n".join(self.engine.log_tail(self.variant, CHECK_LOG_LINES))


@contextlib.contextmanager
def brought_up(
    engine: Engine, variant: Variant, description: AppSpec, sockets: Sockets, is_guess: bool
) -> Iterator[Running]:
    """The app as it serves, stopped at the end.

    Args:
        sockets: that its processes listen on by now.
        is_guess: whether another port is its only one as soon as it listens there.

    Raises:
        NotUp: it ended, or does not answer; says why.
    """
    try:
        endpoint = engine.start(variant)
    except PrepareFailed as error:
        raise NotUp(Failure(FailureKind.PREPARE, str(error))) from error
    except ServerFailed as error:
        said = f"{error.kind}: {error}"
        raise NotUp(Failure(FailureKind.SERVICE, said, reason=str(error))) from error
    except CompanionFailed as error:
        said = f"{error.name}: {error}"
        raise NotUp(Failure(FailureKind.SERVICE, said, reason=str(error))) from error
    except VariantError as error:
        raise NotUp(Failure(FailureKind.DIED, str(error))) from error
    try:
        running = Running(endpoint, engine, variant)
        await_answer(running, description, sockets, ELSEWHERE_SECONDS if is_guess else None)
        yield running
    finally:
        engine.stop(variant)


def await_answer(
    running: Running, description: AppSpec, sockets: Sockets, patience_seconds: float | None
) -> None:
    deadline = time.monotonic() + description.ready_seconds
    elsewhere_since: float | None = None
    health = GuessedRequest({"path": description.health}, "")
    while True:
        state = running.engine.state(running.variant)
        if not state.running:
            said = f"{running.log()}\n{state.reason}"
            raise NotUp(Failure(FailureKind.DIED, said))
        host, port = running.endpoint.host, running.endpoint.port
        if accepts(host, port, POLL_SECONDS) and running.ask(health).status is not None:
            return
        now, heard = time.monotonic(), sockets(running.endpoint)
        if patience_seconds is not None and not heard and cannot_import(running.log()):
            raise NotUp(Failure(FailureKind.DIED, running.log()))
        others = other_ports(heard or frozenset(), running.endpoint)
        elsewhere_since = (elsewhere_since or now) if others else None
        patience = description.ready_seconds if patience_seconds is None else patience_seconds
        if elsewhere_since is not None and now - elsewhere_since > patience:
            raise NotUp(not_on_port(running, heard or frozenset()))
        if now > deadline:
            raise NotUp(never_ready(running, description, heard))
        time.sleep(POLL_SECONDS)


def not_on_port(running: Running, heard: frozenset[Listening]) -> Failure:
    port, listed = running.endpoint.port, ", ".join(map(str, sorted(heard)))
    ports = tuple(sorted(other_ports(heard, running.endpoint)))
    said = f"it listens on {listed}, not on $PORT ({port})"
    if port in ports:
        said = f"it listens on {listed}, which nothing outside its container reaches, not on $HOST"
    return Failure(FailureKind.ELSEWHERE, running.log(), ports, said)


def other_ports(heard: frozenset[Listening], endpoint: Endpoint) -> set[int]:
    """The ports that are listened on where the load does not go.

    Of a container its own loopback is one of them, on whatever port: nothing outside reaches it.
    """
    if endpoint.host.startswith("127."):
        return {each.port for each in heard} - {endpoint.port}
    if any(each.port == endpoint.port and not each.is_loopback for each in heard):
        return set()
    return {each.port for each in heard}


def never_ready(running: Running, spec: AppSpec, heard: frozenset[Listening] | None) -> Failure:
    """Why it does not answer, by what it listens on."""
    seconds = f"{spec.ready_seconds:.0f} s"
    if heard is None:
        said = (
            f"it did not answer {spec.health} on $PORT within {seconds}: it must listen on "
            "$HOST:$PORT; where it needs longer, raise `ready_seconds`"
        )
    elif other_ports(heard, running.endpoint):
        return not_on_port(running, heard)
    elif heard:
        listed = ", ".join(map(str, sorted(heard)))
        said = f"it listens on {listed} and gave no answer to {spec.health} within {seconds}"
    else:
        said = (
            f"it did not answer within {seconds} and listens on no port: raise `ready_seconds`, or"
            " put what takes long into `prepare`"
        )
    return Failure(FailureKind.NEVER_READY, running.log(), reason=said)


def as_guess(spec: AppSpec) -> AppSpec:
    """The app with no more time to come up than a guess has on this machine now."""
    seconds = CHECK_READY_SECONDS * busy_factor()
    return replace(spec, ready_seconds=min(spec.ready_seconds, seconds))


def ask(
    host: str,
    port: int,
    request: GuessedRequest,
    number: int = 1,
    body_seconds: float = BODY_SECONDS,
    answer_seconds: float = CHECK_ANSWER_SECONDS,
) -> Answer:
    """One request and what came back; an answer without end is cut off."""
    values = request.values
    given = values.get("body", "")
    body = given if isinstance(given, bytes) else str(given).encode()
    n = str(number)
    body = body.replace(b"{n}", n.encode())
    headers = {k: str(v).replace("{n}", n) for k, v in values.get("headers", {}).items()}
    connection = http.client.HTTPConnection(host, port, timeout=answer_seconds)
    seconds = answer_seconds + body_seconds
    connection.response_class = partial(timed_response, seconds=seconds)  # type: ignore[assignment]
    began = time.monotonic()
    try:
        path = request.path.replace("{n}", n)
        usual = {} if is_named("host", headers) else {"Host": site_of(host)}
        whole = {**usual, "Connection": "close", **headers}
        connection.request(request.method, path, body or None, whole)
        answer = connection.getresponse()
        content, is_endless = bounded_body(answer, body_seconds)
        location = answer.getheader("Location") or ""
        seconds = time.monotonic() - began
        return Answer(
            answer.status,
            content,
            location,
            is_endless=is_endless,
            seconds=seconds,
            set_cookies=tuple(answer.headers.get_all("Set-Cookie") or ()),
        )
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Answer(None, fault=clipped(str(error), 300) or type(error).__name__)
    finally:
        connection.close()


def is_named(name: str, headers: Mapping[str, str]) -> bool:
    return name in map(str.lower, headers)


def bounded_body(answer: http.client.HTTPResponse, seconds: float) -> tuple[bytes, bool]:
    """What comes within a moment, at most some MiB; whether more was still to come then."""
    deadline, content = time.monotonic() + seconds, b""
    shorten(answer, seconds)
    with contextlib.suppress(OSError, http.client.HTTPException):
        while len(content) < MOST_CHECKED_BYTES:
            part = answer.read1(65536)
            if not part:
                return content, False
            content += part
            if answer.length == 0:  # all that it stated, however long a busy machine took
                return content, False
            if time.monotonic() > deadline:
                break
    return content, len(content) < MOST_CHECKED_BYTES
