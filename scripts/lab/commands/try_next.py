"""A guess for containers, or the one after those that failed."""

import re
from pathlib import Path

from lab.app.container import GUESS
from lab.app.guess.failures import Failure, FailureKind, missing_service
from lab.app.guess.folder import read_folder
from lab.app.guess.guess import guess
from lab.app.guess.history import add_failure, after, read_failures
from lab.app.guess.render import render, sentences
from lab.app.spec import FILE, AppSpec
from lab.app.spec_file import describe, parse
from lab.app.workdir import COPY
from lab.commands.container_check import FAILURES
from lab.commands.guess_texts import MAX_ATTEMPTS, advice, failed, no_command
from lab.engines.choice import say
from lab.errors import LabError, UsageError
from lab.files import write_file


def build_failure(log: str, *, is_own: bool) -> Failure:
    """What the builder's log tells of: the step that makes data ready, or what is installed."""
    steps = re.findall(r"^Step \d+/\d+ : (.*)$", log, re.MULTILINE)
    prepares = not is_own and bool(steps) and steps[-1].startswith('RUN ["sh", "-c"')
    kind = FailureKind.PREPARE if prepares else FailureKind.INSTALL
    return Failure(kind, log, in_image=is_own)


def guess_failed(work: Path, failure: Failure) -> None:
    """Write down why the last guess failed."""
    add_failure(work / GUESS / FAILURES.name, failure)


def is_guess(work: Path) -> bool:
    """Whether what is tried there is a guess."""
    return (work / GUESS / FAILURES.name).exists()


def next_guess(work: Path, file: Path) -> AppSpec:
    """The guess after those that failed, also as the copy's lab.toml; says what it is or changes.

    Args:
        work: the folder with the app's copy and the failures so far.
        file: where the app's own lab.toml would stand.

    Raises:
        LabError: there is none left; what failed and the next step.
    """
    (work / GUESS).mkdir(exist_ok=True)
    (work / GUESS / FAILURES.name).touch()
    folder, failures = read_folder(work / COPY), read_failures(work / GUESS / FAILURES.name)
    found = after(folder, failures) if len(failures) < MAX_ATTEMPTS else None
    if found is None:
        first = next((each for each in failures if missing_service(each.said)), failures[0])
        raise LabError(advice(file.parent, first, guess(folder)))
    if failures:
        say(f"{failed(failures[-1])}; next: {found.notes[-1]}")
    else:
        say(f"{file.parent} holds no {FILE}; guessed:")
        for line in sentences(found):
            say(f"  {line}")
    if not any(found.value(key) for key in ("command", "local_command", "dockerfile")):
        raise UsageError(no_command(file.parent, folder))
    text = render(found)
    write_file(work / COPY / FILE, text)
    return describe(parse(text, file), file)
