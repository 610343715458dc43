"""The next guess after one that failed: what its failure names, else what may replace it."""

from collections.abc import Iterator
from dataclasses import replace

from lab.app.guess.compose_image import without_composed_image
from lab.app.guess.failures import Failure, FailureKind, missing_variables
from lab.app.guess.folder import Folder
from lab.app.guess.guess import guess as guess_of
from lab.app.guess.guess_records import Guess, Guessed
from lab.app.guess.mend_arguments import with_arguments
from lab.app.guess.mend_databases import database_in_copy, local_database
from lab.app.guess.mend_files import with_env_file, with_old_alembic
from lab.app.guess.mend_installs import other_packages, other_pins, wheels, whole_lines
from lab.app.guess.mend_libraries import (
    with_compiler,
    with_headers,
    with_library,
    without_library,
    without_packages,
)
from lab.app.guess.mend_packages import more_packages, older_packages
from lab.app.guess.mend_project import with_project_itself
from lab.app.guess.mend_pythons import NOT_HAD, newer_python, other_python, python_of_pins
from lab.app.guess.mend_services import (
    more_services,
    with_companions,
    without_companions,
    without_service,
)
from lab.app.guess.mend_settings import for_development
from lab.app.guess.settings import asked_variables, value_for
from lab.app.guess.system_libraries import missing_library
from lab.app.guess.tables_missing import with_tables


def mended(
    guess: Guess, failure: Failure, folder: Folder, *, has_docker: bool = False
) -> Guess | None:
    """The first change that may help; None where there is none left.

    Args:
        has_docker: whether packages of Debian can be installed for it, in an image.
    """
    return next(changes(guess, failure, folder, has_docker=has_docker), None)


def changes(guess: Guess, failure: Failure, folder: Folder, *, has_docker: bool) -> Iterator[Guess]:
    if failure.in_image and guess.key("dockerfile") is not None:
        yield from more_variables(guess, failure, folder)
        yield from local_database(guess, failure)
        yield from on_its_port(guess, failure)
        if failure.kind is FailureKind.PREPARE:
            yield from without_prepare(guess)  # its own command may make its data ready
        yield from without_image(guess, failure, folder)
    if failure.kind is FailureKind.SERVICE:
        yield from without_service(guess, failure)
        yield from without_companions(guess, folder)
        return
    if failure.kind is FailureKind.INSTALL:
        yield from installable(guess, failure, folder, has_docker=has_docker)
        return
    if "SyntaxError: " in failure.said and any(NOT_HAD in note for note in guess.notes):
        return  # its files are for the Python that is not here
    yield from without_library(guess, failure, folder)
    if missing_library(failure.said) is None:
        yield from with_what_it_names(guess, failure, folder)
    elif has_docker:
        yield from with_library(guess, failure)
    if failure.kind is FailureKind.PREPARE:
        yield from without_prepare(guess)
    elif failure.kind is not FailureKind.REFUSED:
        yield from next_command(guess)


def installable(
    guess: Guess, failure: Failure, folder: Folder, *, has_docker: bool
) -> Iterator[Guess]:
    """The guess with what can be installed; Debian's packages come before other releases."""
    yield from without_packages(guess, failure)
    yield from wheels(guess, failure, folder)
    if has_docker:
        yield from with_headers(guess, failure)
    yield from other_packages(guess, failure, folder)
    if has_docker:
        yield from with_compiler(guess, failure)
    yield from other_python(guess, failure)


def with_what_it_names(guess: Guess, failure: Failure, folder: Folder) -> Iterator[Guess]:
    """The guess with what its failure names: a file, a server, a package, a variable, a Python."""
    yield from on_its_port(guess, failure)
    yield from with_arguments(guess, failure)
    yield from with_env_file(guess, failure)
    yield from with_old_alembic(guess, failure)
    yield from database_in_copy(guess, failure)
    yield from with_tables(guess, failure, folder)
    yield from more_services(guess, failure, folder)
    yield from with_companions(guess, failure, folder)
    yield from with_project_itself(guess, failure, folder)
    yield from with_other_packages(guess, failure, folder)
    yield from more_variables(guess, failure, folder)
    yield from local_database(guess, failure)
    yield from newer_python(guess, failure)
    yield from python_of_pins(guess, failure, whole_lines(folder, guess.key("requirements")))
    yield from for_development(guess, failure, folder)


def on_its_port(guess: Guess, failure: Failure) -> Iterator[Guess]:
    if failure.kind is FailureKind.ELSEWHERE and failure.ports and guess.key("port") is None:
        port = failure.ports[0]
        why = "it listens there and not on $PORT"
        yield guess.having(Guessed("port", port, why)).noting(f"port = {port}: {why}")


def without_prepare(guess: Guess) -> Iterator[Guess]:
    line = guess.value("prepare")
    yield guess.without("prepare").noting(f"without prepare ({line}), which fails")


def with_other_packages(guess: Guess, failure: Failure, folder: Folder) -> Iterator[Guess]:
    """Older packages, more of them, and others than those that are pinned."""
    yield from older_packages(guess, failure)
    yield from more_packages(guess, failure, folder)
    yield from other_pins(guess, failure, folder)


def without_image(guess: Guess, failure: Failure, folder: Folder) -> Iterator[Guess]:
    """The guess in an image of the lab's, where the project's own image does not serve."""
    line = guess.key("local_command")
    if line is not None:
        guess = without_composed_image(guess, folder)
        what = "cannot be built" if failure.kind is FailureKind.INSTALL else "does not serve"
        changed = of_its_code(guess.without("dockerfile").without("local_command"), folder)
        commands = tuple(Guessed("command", each.value, each.why) for each in guess.commands)
        yield (
            replace(changed, commands=commands)
            .having(Guessed("command", line.value, line.why))
            .noting(f"python and requirements in the place of the Dockerfile, which {what}")
        )


def of_its_code(guess: Guess, folder: Folder) -> Guess:
    """The guess with what its image may have been without, and without what only its image did."""
    first = guess_of(folder)
    if guess.key("prepare") is None and (prepare := first.key("prepare")) is not None:
        guess = guess.having(prepare)
    return guess if first.key("port") is not None else guess.without("port")


def more_variables(guess: Guess, failure: Failure, folder: Folder) -> Iterator[Guess]:
    environment = guess.value("environment") or {}
    missing = [name for name in missing_variables(failure.said) if name not in environment]
    has_none = "'NoneType'" in failure.said or "NoneType object" in failure.said
    asked = [n for n in asked_variables(folder, needed=not has_none) if n not in environment]
    if missing or has_none:
        missing = list(dict.fromkeys((*missing, *asked)))
    if missing:
        values = {**environment, **{name: value_for(name) for name in missing}}
        why = f"placeholders for {', '.join(missing)}, without which it does not start"
        yield guess.having(Guessed("environment", values, why)).noting(f"environment: {why}")


def next_command(guess: Guess) -> Iterator[Guess]:
    if not guess.commands:
        return
    first, *rest = guess.commands
    changed = guess.having(first).without("port")
    kept = replace(changed, commands=tuple(rest))
    yield kept.noting(f"{first.key} = {first.value!r}: {first.why}")
