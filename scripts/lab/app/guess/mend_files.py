"""The next guess after a file, or a way to run a tool, that a start did not find."""

import re
from collections.abc import Iterator

from lab.app.guess.failures import Failure
from lab.app.guess.guess_records import Guess, Guessed

NO_ENV = re.compile(
    r"\bno (local )?\.env\b|\.env['\"]? (file )?((was|is|does) )?(not (found|exist)|missing)"
    r"|No such file[^\n]*[/'\"]\.env\b",
    re.IGNORECASE,
)
TOUCH = "touch .env"
NO_MAIN = re.compile(r"No module named alembic\.__main__")
ALEMBIC = "python -c 'from alembic.config import main; main()'"
"""Alembic's command for releases that are not a runnable module; Python's path has the folder."""


def with_env_file(guess: Guess, failure: Failure) -> Iterator[Guess]:
    """The guess with an empty `.env` in the copy: its variables come by the environment."""
    before = guess.value("prepare") or ""
    if TOUCH in before or not NO_ENV.search(failure.said):
        return
    line = str(guess.value("command") or guess.value("local_command") or "")
    where = re.match(r"cd (\S+) && ", line)
    touch = f"(cd {where[1]} && {TOUCH})" if where else TOUCH
    why = "it does not start without the file"
    prepared = f"{touch} && {before}" if before else touch
    yield guess.having(Guessed("prepare", prepared, why)).noting(f"prepare with {TOUCH}: {why}")


def with_old_alembic(guess: Guess, failure: Failure) -> Iterator[Guess]:
    """The guess that migrates with a release of Alembic that is not a runnable module."""
    line = guess.value("prepare") or ""
    changed = line.replace("python -m alembic", ALEMBIC)
    if changed != line and NO_MAIN.search(failure.said):
        why = "this release of alembic cannot be run as a module"
        yield guess.having(Guessed("prepare", changed, why)).noting(f"prepare: {why}")
