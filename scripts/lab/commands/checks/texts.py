"""What is said of a guess: what answers, what failed, and the next step in one line."""

from collections.abc import Callable, Sequence
from pathlib import Path

from lab.app.guess.asking import A_USUAL_PATH, NOT_FOUND, Answer, TriedRequests
from lab.app.guess.failures import (
    Failure,
    FailureKind,
    exception_in,
    last_words,
    missing_path,
    missing_service,
    telling_line,
)
from lab.app.guess.folder import Folder
from lab.app.guess.guess_records import GuessedRequest
from lab.app.guess.system_libraries import (
    COMPILER,
    MissingLibrary,
    build_needs,
    lacks_compiler,
    missing_library,
)
from lab.app.spec import FILE, AppSpec
from lab.commands.checks.app_check import Running
from lab.load.counts import MOST_REFUSED_BYTES
from lab.records.request_kinds import APPS_FAULT, NO_ANSWER_FAULT, REQUESTS_FAULT

MAX_ATTEMPTS = 24
LOGIN_ASKED = (401, 403)
Say = Callable[[str], None]
WHERE = {
    FailureKind.PREPARE: " prepare:",
    FailureKind.REFUSED: " requests:",
    FailureKind.ABSENT: " requests:",
    FailureKind.LOGIN: "",
}
"""The key of a description at which a failure lies, as a line says it; a login says it itself."""
ASKED = (FailureKind.REFUSED, FailureKind.ABSENT, FailureKind.LOGIN)
"""What an answer told, so that the app's last words tell nothing more."""


def no_command(where: Path, folder: Folder) -> str:
    if not folder.modules:
        return (
            f"{where} holds no Python that serves: name the folder of a Python web app with APP=, "
            f"or describe its image in {where / FILE} (image, command)"
        )
    return (
        f"{where}: the lab found nothing in it that serves: `make init APP={where}` writes a "
        f"{FILE}; its `command` must serve on $HOST:$PORT"
    )


def failure_line(failure: Failure) -> str:
    if failure.kind is FailureKind.LOGIN:
        return failure.reason
    if failure.kind in (FailureKind.ELSEWHERE, FailureKind.NEVER_READY) and failure.reason:
        exception = exception_in(failure.said)
        return failure.reason + (f"; its log says: {exception}" if exception else "")
    return f"{failure.kind.value}: {failure.reason or telling_line(failure.said)}"


def not_installed(where: Path, reason: str) -> str:
    return f"{where}: requirements cannot be installed: {reason}"


def advice(where: Path, failure: Failure, *, has_docker: bool) -> str:
    """Why it does not come up, and the next step, in one line.

    Args:
        has_docker: whether it was tried in images, which may have more packages of Debian.
    """
    write = f"`make init APP={where}` writes the guess"
    if failure.kind is FailureKind.INSTALL:
        refused = not_installed(where, telling_line(failure.said))
        packages = build_needs(failure.said) or (COMPILER if lacks_compiler(failure.said) else ())
        if packages:
            step = system_step(packages, write, failure, has_docker=has_docker)
            return f"{refused}; {step}"
        return f"{refused}; {write}: correct its `requirements`"
    if failure.kind is FailureKind.SERVICE:
        return f"{where}: {failure.reason}; {write}: correct its `services`"
    if missing := missing_library(failure.said):
        needs = f"it needs {missing.name}, a library of the system that is not there"
        step = system_step(missing.packages, write, failure, has_docker=has_docker)
        return f"{where}: {needs} ({telling_line(failure.said)}); {step}"
    if service := missing_service(failure.said):
        return (
            f"{where}: it needs {service}, and none answers where it looks for one "
            f"({telling_line(failure.said)}): start one, {write}, and name it in `environment`"
        )
    if not has_docker and (path := missing_path(failure.said)):
        return (
            f"{where}: {failure_line(failure)}; {path} is not in its folder: use ENGINE=docker, "
            "whose images and volumes have such paths, "
            f"or {write}, and name another in `environment`"
        )
    key = {
        FailureKind.PREPARE: "prepare",
        FailureKind.REFUSED: "[[requests]]",
        FailureKind.ABSENT: "command` or its `[[requests]]",
    }
    what = key.get(failure.kind, "command")
    return f"{where}: {failure_line(failure)}; {write}: correct its `{what}`"


def system_step(packages: Sequence[str], write: str, failure: Failure, *, has_docker: bool) -> str:
    """The next step where something of the system is missing.

    Args:
        packages: Debian's, as far as they are known.
        write: what writes the guess.
    """
    if failure.in_image:
        return image_step(packages)
    if has_docker:
        example = f" ({', '.join(packages)})" if packages else ""
        return f"{write}: name Debian's package of it{example} in its `system_packages`"
    if not packages:
        return f"install Debian's package of it, or {write} for ENGINE=docker: `system_packages`"
    install = f"apt-get install {' '.join(packages)}"
    return f"install it (Debian: {install}), or use ENGINE=docker, which adds it to the app's image"


def image_step(packages: Sequence[str]) -> str:
    """The same where an image of the app's own must have it: no key of a guess adds to that."""
    return "its own image must have it" + (f" (Debian: {' '.join(packages)})" if packages else "")


def tell(say: Say, asked: TriedRequests) -> None:
    """What answers, and what was left out because it does not."""
    for request in asked.kept:
        say(f"  answers: {request.method} {request.path}  ({request.why})")
    for request, answer in asked.refused_together:
        came = answer.status or answer.fault
        say(f"  left out: {request.method} {request.path} gets {came} when several are asked for")
    kept = {request.path for request in asked.kept}
    for request, answer in asked.others[:MAX_ATTEMPTS]:
        if answer.is_endless:
            say(f"  left out: {request.method} {request.path} has an answer without end")
        elif answer.status is not None and answer.status >= 500:
            say(f"  left out: {request.method} {request.path} is answered with {answer.status}")
        elif answer.status in LOGIN_ASKED and request.path not in kept:
            path = f"{request.method} {request.path}"
            say(f"  left out: {path} is answered with {answer.status}: [login] describes a login")


def lacks_server(running: Running, asked: TriedRequests) -> bool:
    """Whether all that the app itself serves waits for a server that is not there.

    Its framework's page of documents answers all the same, and would be measured in its place.
    """
    if not asked.failed or not asked.serves_nothing_own:
        return False
    hangs = any(answer.status is None for answer in asked.failed)
    return hangs or missing_service(running.log()) is not None


def refusals(running: Running, asked: TriedRequests) -> Failure:
    """How each request was answered, what the first refusal said, and the app's own words."""
    named = [each for each in asked.others if each[0].why != A_USUAL_PATH] or asked.others
    replies = [answer_line(request, answer) for request, answer in named[:8]]
    bodies = (body_text(answer) for _, answer in sorted(named, key=by_gravity))
    body = next((each for each in bodies if each), "")
    worst = max((answer.status or 0 for _, answer in named), default=0)
    log = running.log()
    if all(answer.status == NOT_FOUND for _, answer in named):
        said = f"{', '.join(replies)}: it serves none of the paths that its files name"
        return Failure(FailureKind.ABSENT, log, reason=said)
    return refused(log, ", ".join(replies), body, worst)


def by_gravity(each: tuple[GuessedRequest, Answer]) -> bool:
    """What the app failed at comes before what it refused."""
    return (each[1].status or 0) < 500


def answer_line(request: GuessedRequest, answer: Answer) -> str:
    return f"{request.method} {request.path}: {answer.status or answer.fault}"


def body_text(answer: Answer) -> str:
    """The beginning of a body as a text on one line."""
    text = answer.body[:MOST_REFUSED_BYTES].decode(errors="replace")
    return " ".join(text.split())


def refused(log: str, replies: str, body: str, status: int) -> Failure:
    """What is told of requests that are not served; a 5xx with the app's last exception.

    Args:
        status: the worst of them; 0: none had one.
    """
    exception = exception_in(log) if status >= 500 else None
    said = f" (it said: {body})" if body else ""
    fault = APPS_FAULT if status >= 500 else REQUESTS_FAULT if status else NO_ANSWER_FAULT
    if exception:
        fault = f"the app's own fault, its log says: {exception}"
    whole = f"{replies}{said}: {fault}"
    return Failure(FailureKind.REFUSED, f"{log}\n{replies} {body}", reason=whole)


def described_step(missing: MissingLibrary, spec: AppSpec) -> str:
    """What to do: name what is missing in the description, or put it into the app's own image."""
    if spec.has_own_image:
        return image_step(missing.packages)
    packages = ", ".join(f'"{each}"' for each in missing.packages)
    if not packages:
        return "name Debian's package of it in `system_packages` (Docker), or install it"
    return f"system_packages = [{packages}] on Docker, or install it"


def advice_for_described(spec: AppSpec, failure: Failure) -> str:
    """Why a described app does not come up, where, and the next step; below it its last words."""
    command = f" (command = {spec.command!r})" if spec.command else ""
    reason = failure_line(failure)
    if service := missing_service(failure.said):
        reason += f": it needs {service}, and none answers where it looks for one"
    if missing := missing_library(failure.said):
        step = described_step(missing, spec)
        reason += f": it needs {missing.name}, a library of the system: {step}"
    where = WHERE.get(failure.kind)
    shown = command if where is None else ""
    where = where or ""
    lines = last_words(failure.said) if failure.kind not in ASKED else []
    return f"{spec.file}:{where} {reason}{shown}" + "".join(f"\n  | {each}" for each in lines)
