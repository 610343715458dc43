"""The guess after those that failed, for both engines, and what is said of it."""

from collections.abc import Sequence
from pathlib import Path

from lab.app.guess.failures import Failure
from lab.app.guess.folder import Folder
from lab.app.guess.guess_records import Guess
from lab.app.guess.history import after, telling_failure
from lab.app.guess.render import sentences
from lab.app.spec import FILE
from lab.commands.checks.texts import MAX_ATTEMPTS, Say, advice, failure_line, no_command
from lab.errors import LabError, UsageError

SERVING = ("command", "local_command")
"""Keys that say how an app is served."""


def next_guess(
    folder: Folder, failures: Sequence[Failure], where: Path, say: Say, *, has_docker: bool
) -> Guess:
    """The guess that is tried next; says what it is, or what changed after the last failure.

    Args:
        folder: the app's files.
        failures: of the guesses so far, the first one first.
        where: the app's own folder, for messages.
        say: prints a line.
        has_docker: whether an image of the app's own can be built.

    Raises:
        LabError: there is none left; one line with what the likeliest one failed of and the next
            step.
    """
    few = len(failures) < MAX_ATTEMPTS
    guess = after(folder, failures, has_docker=has_docker) if few else None
    if guess is None:
        telling = telling_failure(folder, failures, has_docker=has_docker)
        if telling is not failures[-1]:
            say(
                f"{failure_line(failures[-1])}; no guess is left: "
                "what the likeliest failed of comes last"
            )
        raise LabError(advice(where, telling, has_docker=has_docker))
    if failures:
        say(f"{failure_line(failures[-1])}; next: {guess.notes[-1]}")
    else:
        say(f"{where} holds no {FILE}; guessed:")
        for line in sentences(guess):
            say(f"  {line}")
    if not any(map(guess.value, (*SERVING, "dockerfile") if has_docker else SERVING)):
        raise UsageError(no_command(where, folder))
    return guess
