"""Whether an app in its container comes up and answers, in the driver's own container."""

from dataclasses import replace
from pathlib import Path

from lab.app.guess.asking import answered_requests
from lab.app.guess.concurrent_asking import ask_together, loads_of
from lab.app.guess.folder import read_folder
from lab.app.guess.history import add_failure, after, read_failures
from lab.app.guess.render import render
from lab.app.spec import FILE, AppSpec
from lab.app.spec_file import describe, parse
from lab.commands.checks.app_check import NotUp, as_guess, brought_up
from lab.commands.checks.container_sockets import container_sockets
from lab.commands.checks.described_check import check_requests
from lab.commands.checks.shortfall import shortfall
from lab.commands.checks.texts import (
    advice_for_described,
    failure_line,
    tell,
)
from lab.engines.choice import say
from lab.engines.protocol import Engine
from lab.errors import LabError, UsageError
from lab.files import write_file
from lab.records.variant import Variant

FAILURES = Path("/lab/guess/failures.jsonl")
"""Why the guesses so far failed; there where the app is a guess."""
CHECKED_GUESS = "checked.json"
"""The app as a guess of it came up, beside the failures: it is measured in another sitting."""


class GuessFailed(LabError):
    """A guess did not come up; `try-step` says so, with the guess that follows."""


def checked_app(engine: Engine, variant: Variant, spec: AppSpec) -> AppSpec:
    """The app, with the requests that are answered where it is a guess.

    Raises:
        LabError: it does not come up or answer.
        GuessFailed: a guess does not; why is written down, and scripts/try takes the next guess.
    """
    if FAILURES.exists():
        try:
            return answered_guess(engine, variant, spec)
        except NotUp as error:
            add_failure(FAILURES, replace(error.failure, in_image=spec.has_own_image))
            raise GuessFailed(failure_line(error.failure)) from error
    return check_described(engine, variant, spec)


def answered_guess(engine: Engine, variant: Variant, spec: AppSpec) -> AppSpec:
    tried = as_guess(spec)
    with brought_up(engine, variant, tried, container_sockets, is_guess=True) as running:
        folder = read_folder(spec.folder)
        guess = after(folder, read_failures(FAILURES), has_docker=True)
        if guess is None:
            lost = "the guess that was built does not follow from the app's files any more"
            raise UsageError(f"{spec.file}: {lost}: run make try again")
        _, asked = answered_requests(guess, running.ask)
        if failure := shortfall(guess, folder, running, asked):
            raise NotUp(failure)
        ask_together(asked, running.ask)
        tell(say, asked)
    text = render(guess.having(*loads_of(asked)).asking(asked.kept))
    write_file(FAILURES.with_name(FILE), text)
    described = describe(parse(text, spec.file), spec.file)
    count, concurrency = described.count, described.concurrency
    return replace(spec, requests=described.requests, count=count, concurrency=concurrency)


def check_described(engine: Engine, variant: Variant, spec: AppSpec) -> AppSpec:
    """The app with the requests that it answers."""
    checked = spec
    try:
        with brought_up(engine, variant, spec, container_sockets, is_guess=False) as running:
            checked, failure = check_requests(running, spec, say)
    except NotUp as error:
        failure = error.failure
    if failure is not None:
        raise LabError(advice_for_described(spec, failure))
    return checked
