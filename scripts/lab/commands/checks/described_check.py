"""Whether a described app answers its requests, before anything is measured."""

from collections.abc import Container
from dataclasses import dataclass, replace

from lab.app.guess.asking import Answer
from lab.app.guess.failures import Failure, FailureKind
from lab.app.guess.guess_records import GuessedRequest
from lab.app.requests import conversation_of, headers_and_body
from lab.app.spec import AppSpec, RequestProtocol, RequestSpec
from lab.commands.checks.app_check import Running
from lab.commands.checks.texts import Say, answer_line, body_text, refused
from lab.commands.checks.visitor import Visitor, let_in
from lab.load.login import LoginRefused
from lab.load.request import SUCCESS
from lab.load.websocket import SWITCHING

MOST_ASKED_ALIKE = 3
"""How often one kind of request is asked, each time with another number, until it is served."""
WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
MOST_LEFT_OUT = 0.5
"""The share of the traffic of a file that may go without an answer."""


@dataclass(frozen=True, slots=True)
class RefusedRequest:
    """A request that is not answered as expected."""

    request: RequestSpec
    reply: str
    answer: Answer
    step: str = ""
    """What to do about an answer without end; empty where it is the answer that is wrong."""


def check_requests(running: Running, spec: AppSpec, say: Say) -> tuple[AppSpec, Failure | None]:
    """The app with the requests that are measured, and why it cannot be; each answer is told.

    Each request must be answered as expected; of the traffic of a file what is not is left out.
    """
    try:
        visitor = let_in(running, spec)
    except LoginRefused as error:
        return spec, Failure(FailureKind.LOGIN, running.log(), reason=str(error))
    if spec.traffic is not None:
        say(f"  traffic: {spec.traffic}")
    asked = (r for r in spec.requests if r.kind is not RequestProtocol.TCP)
    wrong = [each for r in asked if (each := refusal(visitor, r, say)) is not None]
    if not wrong:
        return spec, None
    if spec.traffic is not None and unanswered_share(spec, wrong) <= MOST_LEFT_OUT:
        left_out = ", ".join(each.reply for each in wrong)
        say(f"  left out of the traffic: {left_out}{bodies_step(wrong)}")
        names = [id(each.request) for each in wrong]
        return replace(spec, requests=tuple(r for r in spec.requests if id(r) not in names)), None
    return spec, failure_of(running, wrong)


def bodies_step(wrong: list[RefusedRequest]) -> str:
    """What to do where one of them may have been sent with a body, which no log holds."""
    methods = {each.request.method for each in wrong if each.request.body is None}
    if not methods & WITH_BODY:
        return ""
    return "; a log holds no bodies: [[requests]] of the same method and path says one"


def unanswered_share(spec: AppSpec, wrong: list[RefusedRequest]) -> float:
    """The share of the requests that is not answered."""
    return sum(e.request.weight for e in wrong) / sum(r.weight for r in spec.requests)


def failure_of(running: Running, wrong: list[RefusedRequest]) -> Failure:
    first = wrong[0]
    if first.step:
        return Failure(FailureKind.REFUSED, "", reason=first.step)
    more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    body, status = body_text(first.answer), first.answer.status or 0
    return refused(running.log(), f"{first.reply}{more}", body, status)


def refusal(visitor: Visitor, request: RequestSpec, say: Say) -> RefusedRequest | None:
    """Why a request cannot be measured; None where it is answered as expected."""
    sent, expected = asked_once(request), expected_of(request)
    for number in range(1, MOST_ASKED_ALIKE + 1):
        answer = visitor.ask(sent, number)
        if answer.status in expected:
            break
    reply = answer_line(sent, answer)
    say(f"  {reply}")
    if answer.is_endless and request.read_seconds is None and not request.abandon:
        name = f"{sent.method} {sent.path}"
        step = f"{name} has an answer without end: set how long it is read (read_seconds = 1)"
        if sent.is_websocket:
            step = (
                f"{name} sends fewer messages than `listen` waits for: lower `listen`, or set"
                " `read_seconds`"
            )
        return RefusedRequest(request, reply, answer, step)
    return None if answer.status in expected else RefusedRequest(request, reply, answer)


def asked_once(request: RequestSpec) -> GuessedRequest:
    """A described request as the check sends it."""
    headers, body = headers_and_body(request)
    if request.kind is RequestProtocol.WEBSOCKET:
        listen = conversation_of(request).listen
        values = {"kind": request.kind.value, "path": request.path, "headers": dict(headers)}
        return GuessedRequest({**values, "say": request.say, "listen": listen}, "")
    values = {"method": request.method, "path": request.path, "headers": dict(headers)}
    return GuessedRequest({**values, "body": body}, "")


def expected_of(request: RequestSpec) -> Container[int]:
    """The statuses that count as served."""
    usual = (SWITCHING,) if request.kind is RequestProtocol.WEBSOCKET else SUCCESS
    return request.expect or usual
