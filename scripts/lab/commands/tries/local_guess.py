"""From a folder without a lab.toml to a description that works, as local processes.

A guess is started and asked; what fails names the next guess. Nothing is measured here.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.app.environment import ENVIRONMENTS, ReusedEnvironment, prepare_app
from lab.app.guess.asking import answered_requests
from lab.app.guess.concurrent_asking import ask_together, loads_of
from lab.app.guess.failures import (
    Failure,
    FailureKind,
)
from lab.app.guess.folder import read_folder
from lab.app.guess.guess_records import Guess
from lab.app.guess.render import render
from lab.app.interventions import NO_ALLOCATORS
from lab.app.services import base_name
from lab.app.spec import FILE, AppSpec
from lab.app.spec_file import describe, parse
from lab.app.workdir import (
    COMPOSE_NAME,
    ReadyApp,
    app_workdir,
    companions_fault,
    process_engine,
    write_services,
)
from lab.commands.app_runs.prepare import prepare_data, with_servers
from lab.commands.checks.app_check import NotUp, Running, as_guess, brought_up
from lab.commands.checks.described_check import check_requests
from lab.commands.checks.shortfall import shortfall
from lab.commands.checks.texts import (
    Say,
    advice_for_described,
    tell,
)
from lab.commands.tries.next_guess import next_guess
from lab.engines.process.app_servers import NoServer
from lab.engines.process.listening import Listening, listening
from lab.engines.process.uv import uv_command
from lab.engines.protocol import Endpoint
from lab.errors import LabError, UsageError
from lab.files import new_file
from lab.matrix.variants import read_matrix
from lab.settings import Settings


@dataclass(frozen=True, slots=True)
class TryContext:
    """Where and with what an app is tried."""

    folder: Path
    root: Path
    given: Mapping[str, str]
    settings: Settings
    say: Say
    written: Callable[[Path], None] = lambda _: None
    """Called with each file that was written into the app's folder."""


def working_guess(context: TryContext) -> tuple[Guess, AppSpec]:
    """The first guess that comes up and answers, as a description; it is written as lab.toml.

    Raises:
        LabError: none does; one line with what the likeliest one failed of and the next step.
    """
    guess = first_that_works(context)
    keep(context, guess)
    return guess, as_description(guess, context.folder)


def as_description(guess: Guess, folder: Path) -> AppSpec:
    """What reading the rendered guess gives: the same way as from a file."""
    file = folder / FILE
    return describe(parse(render(guess), file), file)


def keep(context: TryContext, guess: Guess) -> None:
    file = context.folder / FILE
    try:
        with new_file(file) as out:
            out.write(render(guess))
    except LabError:
        context.say(f"{file} could not be written: this guess is for this run alone")
    else:
        context.written(file)
        context.say(f"it works, and is written to {file}")


def first_that_works(context: TryContext) -> Guess:
    folder, failures, bases = (
        read_folder(context.folder),
        list[Failure](),
        list[ReusedEnvironment](),
    )
    while True:
        guess = next_guess(folder, failures, context.folder, context.say, has_docker=False)
        uv_command()
        outcome = attempt(context, guess, bases)
        if isinstance(outcome, Guess):
            return outcome
        failures.append(outcome)


def attempt(context: TryContext, guess: Guess, bases: list[ReusedEnvironment]) -> Guess | Failure:
    """The guess with the requests that are answered, or why it failed.

    Args:
        bases: the environments of the guesses before, the newest last; its own is added.
    """
    description = as_guess(as_description(guess, context.folder).without_docker())
    if fault := companions_fault(description):
        return Failure(FailureKind.SERVICE, fault, reason=fault)
    try:
        base = bases[-1] if bases else None
        installed = prepare_app(description, context.root / ENVIRONMENTS, context.say, base)
        bases.append(ReusedEnvironment(description, installed))
    except UsageError:
        raise
    except LabError as error:
        return Failure(FailureKind.INSTALL, str(error))
    with app_workdir(description) as work:
        try:
            ready = with_servers(description, installed, work, context.root, context.say)
        except NoServer as error:
            return Failure(FailureKind.SERVICE, f"{error.kind}: {error}", reason=str(error))
        if failure := prepare_data(description, ready, work):
            return failure
        return checked_guess(context, guess, description, ready, work)


@contextlib.contextmanager
def started_app(
    context: TryContext, description: AppSpec, ready: ReadyApp, work: Path, *, is_guess: bool
) -> Iterator[Running]:
    """The app as it is measured, once it answers; raises NotUp."""
    file = work / COMPOSE_NAME
    write_services(description, context.settings.host_cpus, NO_ALLOCATORS, file)
    engine = process_engine(description, ready, context.settings, context.given, context.root, work)
    variants = {each.name: each for each in read_matrix(file, context.given)}
    variant = variants[base_name(description)]

    def sockets(_: Endpoint) -> frozenset[Listening]:
        return listening(engine.find(variant).process.pid)

    with brought_up(engine, variant, description, sockets, is_guess=is_guess) as running:
        yield running


def checked_guess(
    context: TryContext, guess: Guess, description: AppSpec, ready: ReadyApp, work: Path
) -> Guess | Failure:
    try:
        with started_app(context, description, ready, work, is_guess=True) as running:
            _, asked = answered_requests(guess, running.ask)
            if failure := shortfall(guess, read_folder(context.folder), running, asked):
                return failure
            ask_together(asked, running.ask)
            tell(context.say, asked)
            return guess.having(*loads_of(asked)).asking(asked.kept)
    except NotUp as error:
        return error.failure


def check_described(
    context: TryContext, description: AppSpec, ready: ReadyApp, work: Path
) -> AppSpec:
    """A described app with the requests that it answers: it is started and asked for each, once.

    Raises:
        LabError: it does not come up, or one of them is not answered as expected.
    """
    checked, failure = description, prepare_data(description, ready, work)
    try:
        if failure is None:
            with started_app(context, description, ready, work, is_guess=False) as running:
                checked, failure = check_requests(running, description, context.say)
    except NotUp as error:
        failure = error.failure
    if failure is not None:
        raise LabError(advice_for_described(description, failure))
    return checked
