"""`lab try-next`: a guess, or the one after those that failed, for scripts/try, which builds it."""

import argparse
import re
from collections.abc import Mapping
from pathlib import Path

from lab.app.container import GUESS
from lab.app.guess.failures import Failure, FailureKind, missing_service
from lab.app.guess.folder import read_folder
from lab.app.guess.guess import guess
from lab.app.guess.history import add_failure, after, read_failures
from lab.app.guess.render import render, sentences
from lab.app.spec import FILE
from lab.app.workdir import COPY
from lab.commands.container_check import FAILURES
from lab.commands.guess_texts import MAX_ATTEMPTS, advice, failed, no_command
from lab.engines.choice import say
from lab.errors import ExitCode, LabError, UsageError
from lab.files import write_file
from lab.settings import given_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("work", type=Path, help="the folder with the app's copy")


def run(arguments: argparse.Namespace) -> ExitCode:
    """
    Raises:
        LabError: there is no guess left; what failed and the next step.
    """
    return next_guess(given_settings(), arguments.work)


def build_failure(log: str, *, is_own: bool) -> Failure:
    """What the builder's log tells of: the step that makes data ready, or what is installed."""
    steps = re.findall(r"^Step \d+/\d+ : (.*)$", log, re.MULTILINE)
    prepares = not is_own and bool(steps) and steps[-1].startswith('RUN ["sh", "-c"')
    kind = FailureKind.PREPARE if prepares else FailureKind.INSTALL
    return Failure(kind, log, in_image=is_own)


def next_guess(given: Mapping[str, str], work: Path) -> ExitCode:
    """Write it as the copy's lab.toml; says what it is, or what changed.

    Raises:
        LabError: there is none left; what failed and the next step.
    """
    (work / GUESS).mkdir(exist_ok=True)
    file, folder = work / GUESS / FAILURES.name, read_folder(work / COPY)
    file.touch()
    if reason := given.get("LAB_BUILD_FAILED"):
        add_failure(file, build_failure(reason, is_own=given.get("LAB_BUILD_OWN") == "own"))
    failures, where = read_failures(file), Path(given["APP"]).parent
    found = after(folder, failures) if len(failures) < MAX_ATTEMPTS else None
    if found is None:
        first = next((each for each in failures if missing_service(each.said)), failures[0])
        raise LabError(advice(where, first, guess(folder)))
    if failures:
        say(f"{failed(failures[-1])}; next: {found.notes[-1]}")
    else:
        say(f"{where} holds no {FILE}; guessed:")
        for line in sentences(found):
            say(f"  {line}")
    if not any(found.value(key) for key in ("command", "local_command", "dockerfile")):
        raise UsageError(no_command(where, folder))
    write_file(work / COPY / FILE, render(found))
    return ExitCode.DECIDED
