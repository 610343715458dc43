"""From a folder without a lab.toml to a description that works, as local processes.

A guess is started and asked; what fails names the next guess. Nothing is measured here.
"""

import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from lab.app.environment import ENVIRONMENTS, prepare_app
from lab.app.guess.asking import Asked, settled
from lab.app.guess.failures import (
    Failure,
    FailureKind,
    missing_service,
    telling_line,
)
from lab.app.guess.folder import Folder, read_folder
from lab.app.guess.guess import guess
from lab.app.guess.guessed import Guess, GuessedRequest
from lab.app.guess.mend import mended
from lab.app.guess.render import render, sentences
from lab.app.requests import headers_and_body
from lab.app.services import base_name
from lab.app.spec import FILE, AppSpec, RequestProtocol, RequestSpec
from lab.app.spec_file import describe, parse
from lab.app.workdir import (
    COMPOSE_FILE,
    COPY,
    installed_here,
    process_engine,
    workplace,
    write_services,
)
from lab.commands.app_check import NotUp, Running, brought_up
from lab.engines.process.environments import Installed
from lab.engines.process.listening import listening_ports
from lab.engines.process.uv import uv_command
from lab.errors import LabError, UsageError
from lab.files import new_file
from lab.load.request import SUCCESS
from lab.matrix.variants import read_matrix
from lab.settings import Settings

MAX_ATTEMPTS = 24
PREPARE_SECONDS = 600.0
CHECK_READY_SECONDS = 30.0
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Place:
    """Where and with what an app is tried."""

    folder: Path
    root: Path
    given: Mapping[str, str]
    settings: Settings
    say: Say


def working_guess(place: Place) -> tuple[Guess, AppSpec]:
    """The first guess that comes up and answers, as a description; it is written as lab.toml.

    Raises:
        LabError: none does; one line with what the likeliest one failed of and the next step.
    """
    folder = read_folder(place.folder)
    found = guess(folder)
    place.say(f"{place.folder} holds no {FILE}; guessed:")
    for line in sentences(found):
        place.say(f"  {line}")
    if not found.value("command") and not found.value("local_command"):
        raise UsageError(no_command(place.folder, folder))
    found = first_that_works(place, found, folder)
    keep(place, found)
    return found, as_description(found, place.folder)


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


def as_description(found: Guess, folder: Path) -> AppSpec:
    """What reading the rendered guess gives: the same way as from a file."""
    file = folder / FILE
    return describe(parse(render(found), file), file)


def keep(place: Place, found: Guess) -> None:
    file = place.folder / FILE
    try:
        with new_file(file) as out:
            out.write(render(found))
    except LabError:
        place.say(f"{file} could not be written: this guess is for this run alone")
    else:
        place.say(f"it works, and stands in {file}")


def first_that_works(place: Place, found: Guess, folder: Folder) -> Guess:
    first: Failure | None = None
    last = Failure(FailureKind.DIED, "")
    uv_command()
    for _ in range(MAX_ATTEMPTS):
        outcome = attempt(place, found)
        if isinstance(outcome, Guess):
            return outcome
        last, better = outcome, mended(found, outcome, folder)
        moves_on = better is None or len(better.commands) < len(found.commands)
        first = first or (outcome if moves_on or missing_service(outcome.said) else None)
        if better is None:
            break
        place.say(f"{failed(outcome)}; next: {better.notes[-1]}")
        found = better
    raise LabError(advice(place.folder, first or last, found))


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


def attempt(place: Place, found: Guess) -> Guess | Failure:
    """The guess with the requests that are answered, or why it failed."""
    description = as_description(found, place.folder).without_docker()
    seconds = min(description.ready_seconds, CHECK_READY_SECONDS)
    description = replace(description, ready_seconds=seconds)
    try:
        installed = prepare_app(description, place.root / ENVIRONMENTS, place.say)
    except UsageError:
        raise
    except LabError as error:
        return Failure(FailureKind.INSTALL, str(error))
    with workplace(description) as work:
        if failure := prepare_data(description, installed, work / COPY):
            return failure
        return checked(place, found, description, installed, work)


@contextlib.contextmanager
def started(
    place: Place, description: AppSpec, installed: Installed, work: Path
) -> Iterator[Running]:
    """The app as it is measured, once it answers; raises NotUp."""
    file = work / COMPOSE_FILE
    write_services(description, place.settings.host_cpus, None, file)
    engine = process_engine(description, installed, place.settings, place.given, place.root, work)
    variants = {each.name: each for each in read_matrix(file, place.given)}
    variant = variants[base_name(description)]

    def ports() -> frozenset[int]:
        return listening_ports(engine.find(variant).process.pid)

    with brought_up(engine, variant, description, ports) as running:
        yield running


def checked(
    place: Place, found: Guess, description: AppSpec, installed: Installed, work: Path
) -> Guess | Failure:
    try:
        with started(place, description, installed, work) as running:
            requests, asked = settled(found, running.ask)
            if not requests:
                return Failure(FailureKind.REFUSED, refusals(running, asked))
            tell(place.say, asked)
            return replace(found, requests=requests)
    except NotUp as error:
        return error.failure


def check_described(place: Place, description: AppSpec) -> None:
    """Start a described app and ask it for each of its requests, once.

    Raises:
        LabError: it does not come up, or one of them is not answered as expected.
    """
    description = description.without_docker()
    installed = installed_here(description, place.root, place.say)
    with workplace(description) as work:
        failure = prepare_data(description, installed, work / COPY)
        if failure is None:
            failure = described_failure(place, description, installed, work)
    if failure is not None:
        raise LabError(f"{description.file}: {failed(failure)}")


def described_failure(
    place: Place, description: AppSpec, installed: Installed, work: Path
) -> Failure | None:
    wrong = []
    try:
        with started(place, description, installed, work) as running:
            for request in description.requests:
                if request.kind is not RequestProtocol.HTTP:
                    continue
                answer = running.ask(asked_once(request))
                told = f"{request.method} {request.path} is answered with {answer.status}"
                place.say(f"  {told}{'' if answer.status else f' ({answer.fault})'}")
                if answer.status not in (request.expect or SUCCESS):
                    said = answer.body[:300].decode(errors="replace")
                    wrong.append(f"{told}: {' '.join(said.split())}")
            if wrong:
                return Failure(FailureKind.REFUSED, f"{running.log()}\n{wrong[0]}")
    except NotUp as error:
        return error.failure
    return None


def asked_once(request: RequestSpec) -> GuessedRequest:
    """A described request as the check sends it."""
    headers, body = headers_and_body(request)
    values = {"method": request.method, "path": request.path, "headers": dict(headers)}
    return GuessedRequest({**values, "body": body}, "")


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


def prepare_data(description: AppSpec, installed: Installed, copy: Path) -> Failure | None:
    """Run what makes its data ready, in the copy; why it failed, or nothing."""
    if description.prepare is None:
        return None
    path = os.pathsep.join((str(installed.python.parent), os.environ.get("PATH", os.defpath)))
    place = {"PATH": path, "HOME": str(copy.parent), "LANG": "C.UTF-8", "PORT": "8000"}
    try:
        done = subprocess.run(
            ["sh", "-c", description.prepare],
            cwd=copy,
            env={**place, **description.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PREPARE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        said = f"{description.prepare} was not done after {PREPARE_SECONDS:.0f} s"
        return Failure(FailureKind.PREPARE, said)
    if done.returncode == 0:
        return None
    return Failure(FailureKind.PREPARE, done.stdout[-20_000:].decode(errors="replace"))
