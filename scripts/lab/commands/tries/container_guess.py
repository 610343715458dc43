"""A guess for containers, or the one after those that failed."""

import re
from pathlib import Path

from lab.app.container import GUESS
from lab.app.container_layer import PREPARES
from lab.app.guess.compose_image import by_compose_file
from lab.app.guess.failures import Failure, FailureKind
from lab.app.guess.folder import read_folder
from lab.app.guess.history import add_failure, read_failures
from lab.app.guess.render import render
from lab.app.spec import FILE, AppSpec
from lab.app.spec_file import describe, parse
from lab.app.workdir import COPY
from lab.commands.checks.container_check import FAILURES
from lab.commands.tries.next_guess import next_guess
from lab.engines.choice import say
from lab.errors import UsageError
from lab.files import write_file

LAST_STEP = re.compile(
    r"(?s:.*)(?:^Step \d+/\d+ : (?P<step>.*)$|^ > \[.*\] (?P<kit>.*):$)\n?(?P<said>(?s:.*))",
    re.MULTILINE,
)
"""The step that failed, as the classic builder or BuildKit writes it, and what follows it."""
KIT_SECONDS = re.compile(r"^\d+\.\d+ ", re.MULTILINE)
"""What BuildKit writes before each line of a step: when it was printed."""
KIT_END = "\n------"
"""What it writes behind the last one, before it names the whole step once more."""


def build_failure(log: str, *, is_own: bool) -> Failure:
    """What the builder's log tells of: the step that makes data ready, or what is installed.

    What the steps before it printed tells nothing of why it failed.
    """
    step, said = last_step(log)
    prepares = not is_own and step.startswith('RUN ["sh", "-c"')
    kind = FailureKind.PREPARE if prepares else FailureKind.INSTALL
    return Failure(kind, said, in_image=is_own)


def completing_failure(log: str) -> Failure:
    """What it tells of where a layer completes an image of the app's own: of its data, or that the
    image has no shell.
    """
    step, said = last_step(log)
    kind = FailureKind.PREPARE if PREPARES in step else FailureKind.INSTALL
    return Failure(kind, said, in_image=True)


def last_step(log: str) -> tuple[str, str]:
    """The step that a builder ended at, and what it said of it."""
    last = LAST_STEP.search(log)
    if last is None:
        return "", log
    if last["step"] is not None:
        return last["step"], last["said"]
    return last["kit"], KIT_SECONDS.sub("", last["said"].partition(KIT_END)[0])


def guess_failed(work: Path, failure: Failure) -> None:
    """Write down why the last guess failed."""
    add_failure(work / GUESS / FAILURES.name, failure)


def no_server_here(reason: str) -> Failure:
    """Why a guess goes on without a server: its kind, and why it has no image."""
    return Failure(FailureKind.SERVICE, reason, reason=reason)


def is_guess(work: Path) -> bool:
    """Whether what is tried there is a guess."""
    return (work / GUESS / FAILURES.name).exists()


def guessed_description(work: Path, file: Path) -> AppSpec:
    """The description of the guess after those that failed, which is also written as the copy's
    lab.toml.

    Args:
        work: the folder with the app's copy and the failures so far.
        file: where the app's own lab.toml would stand.

    Raises:
        LabError: there is none left; what failed and the next step.
    """
    (work / GUESS).mkdir(exist_ok=True)
    (work / GUESS / FAILURES.name).touch()
    folder = read_folder(work / COPY)
    while True:
        failures = read_failures(work / GUESS / FAILURES.name)
        guess = next_guess(folder, failures, file.parent, say, has_docker=True)
        text = render(guess)
        write_file(work / COPY / FILE, text)
        try:
            return describe(parse(text, file), file)
        except UsageError as error:
            if not by_compose_file(guess):
                raise
            failure = Failure(FailureKind.INSTALL, str(error), reason=str(error), in_image=True)
            guess_failed(work, failure)
