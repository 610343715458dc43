"""The recipes of servers with the programs of this machine, or with unpacked ones."""

import os
from collections.abc import Mapping
from pathlib import Path

from lab.engines.process.bounded import run_bounded
from lab.engines.process.debian import Programs
from lab.engines.process.postgres import NOBODY
from lab.engines.server_recipes import OTHER_NAMES, Recipe
from lab.errors import LabError
from lab.records.app_services import ServiceAsked, ServiceKind

MAKE_SECONDS = 120.0
NOT_AS_ROOT = ("initdb", "postgres")
"""Programs that refuse to run as root."""
OF_MARIADB = ("mariadbd", "mariadb-install-db")


def fill(asked: ServiceAsked, recipe: Recipe, programs: Programs, folder: Path) -> None:
    """Make a server's data in its folder.

    Raises:
        LabError: a step of it fails; with its last line.
    """
    if asked.kind is ServiceKind.POSTGRES and os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    for step in recipe.make(asked, str(folder)):
        call(local(list(step.words), programs, folder), programs, folder, step.said)


def call(
    words: list[str], programs: Programs, folder: Path, said: str, seconds: float = MAKE_SECONDS
) -> None:
    """Run one step that makes a server's data.

    Raises:
        LabError: it fails; with its last line.
        TimeoutExpired: it does not end in time.
    """
    done = run_bounded(words, seconds, variables(programs, folder, {}), folder, said)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise LabError(f"{words[-1] if words[0] == 'setpriv' else words[0]}: {lines[-1:]}")


def variables(programs: Programs, folder: Path, more: Mapping[str, str]) -> dict[str, str]:
    """What a server's program has as its environment."""
    return {**programs.environment(), "HOME": str(folder), "TMPDIR": str(folder), **more}


def local(words: list[str], programs: Programs, folder: Path) -> list[str]:
    """The words as they run here: the program's path, and what root or unpacked ones need.

    Raises:
        LabError: the program is not there.
    """
    name, *rest = words
    if name in ("mkdir", "tee"):
        return words
    whole = [path_of(name, programs), *rest]
    if name in OF_MARIADB:
        return [*whole, *for_mariadb(name, programs, folder)]
    if name in NOT_AS_ROOT and os.geteuid() == 0:
        return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *whole]
    return whole


def for_mariadb(name: str, programs: Programs, folder: Path) -> list[str]:
    """The options for its own files, unless it is installed, and for the user, if that is root."""
    words = ["--user=root"] if os.geteuid() == 0 else []
    if programs.root is None:
        return words
    usr = programs.root / "usr"
    if name == "mariadbd":
        words += [f"--lc-messages-dir={usr / 'share/mysql'}", f"--plugin-dir={folder}"]
    return [*words, f"--basedir={usr}"]


def path_of(name: str, programs: Programs) -> str:
    """The path of a program, or of one that may stand in its place.

    Raises:
        LabError: it is not there, nor what may stand in its place.
    """
    names = (name, *OTHER_NAMES.get(name, ()))
    for each in names:
        if (path := programs.which(each)) is not None:
            return path
    raise LabError(
        f"this machine has no {' or '.join(names)}: install what has it, or use ENGINE=docker"
    )
