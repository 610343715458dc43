"""What is said of a guess: what answers, what failed, and the next step in one line."""

from collections.abc import Callable
from pathlib import Path

from lab.app.guess.asking import Asked
from lab.app.guess.failures import Failure, FailureKind, missing_service, telling_line
from lab.app.guess.folder import Folder
from lab.app.guess.guessed import Guess, GuessedRequest
from lab.app.requests import headers_and_body
from lab.app.spec import FILE, AppSpec, RequestProtocol, RequestSpec
from lab.commands.app_check import Running
from lab.load.request import SUCCESS

MAX_ATTEMPTS = 24
Say = Callable[[str], None]


def no_command(where: Path, folder: Folder) -> str:
    if not folder.modules:
        return (
            f"{where} holds no Python that serves: name the folder of a Python web app with APP=, "
            f"or describe its image in {where / FILE} (image, command)"
        )
    return (
        f"{where}: nothing in it is known to serve: `make init APP={where}` writes a {FILE}; "
        "say in its `command` what serves on $HOST:$PORT"
    )


def failed(failure: Failure) -> str:
    if failure.kind is FailureKind.ELSEWHERE:
        listed = ", ".join(map(str, failure.ports))
        return f"it listens on port {listed}, not on $PORT"
    return f"{failure.kind.value}: {telling_line(failure.said)}"


def advice(where: Path, failure: Failure, found: Guess) -> str:
    """Why it does not come up, and the next step, in one line."""
    write = f"`make init APP={where}` writes the guess"
    if failure.kind is FailureKind.INSTALL:
        return f"{where}: requirements cannot be installed: {telling_line(failure.said)}; {write}"
    if service := missing_service(failure.said):
        return (
            f"{where}: it needs {service}, and none answers where it looks for one "
            f"({telling_line(failure.said)}): start one, {write}, and name it in `environment`"
        )
    key = {FailureKind.PREPARE: "prepare", FailureKind.REFUSED: "[[requests]]"}
    what = key.get(failure.kind, "command")
    return f"{where}: {failed(failure)}; {write}: correct its `{what}`"


def tell(say: Say, asked: Asked) -> None:
    """What answers, and what was left out because it does not."""
    for request in asked.kept:
        say(f"  answers: {request.method} {request.path}  ({request.why})")
    for request, answer in asked.others[:MAX_ATTEMPTS]:
        if answer.is_endless:
            say(f"  left out: {request.method} {request.path} has an answer without end")
        elif answer.status is not None and answer.status >= 500:
            say(f"  left out: {request.method} {request.path} is answered with {answer.status}")


def refusals(running: Running, asked: Asked) -> str:
    """The app's own words, and how each request was answered."""
    told = [
        f"{request.method} {request.path}: {answer.status or answer.fault}"
        for request, answer in asked.others[:8]
    ]
    return f"{running.log()}\nnothing is served: {', '.join(told)}"


def asked_once(request: RequestSpec) -> GuessedRequest:
    """A described request as the check sends it."""
    headers, body = headers_and_body(request)
    values = {"method": request.method, "path": request.path, "headers": dict(headers)}
    return GuessedRequest({**values, "body": body}, "")


def refusal(running: Running, spec: AppSpec, say: Say) -> Failure | None:
    """The first of its requests that is not answered as expected; each answer is told."""
    wrong = []
    for request in spec.requests:
        if request.kind is not RequestProtocol.HTTP:
            continue
        answer = running.ask(asked_once(request))
        told = f"{request.method} {request.path} is answered with {answer.status}"
        say(f"  {told}{'' if answer.status else f' ({answer.fault})'}")
        if answer.status not in (request.expect or SUCCESS):
            said = answer.body[:300].decode(errors="replace")
            wrong.append(f"{told}: {' '.join(said.split())}")
    return Failure(FailureKind.REFUSED, f"{running.log()}\n{wrong[0]}") if wrong else None
