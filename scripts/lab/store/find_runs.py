"""Runs found by name or by age in a results folder; no name leads out of it."""

import os
from collections.abc import Sequence
from pathlib import Path

from lab.errors import UsageError
from lab.files import is_plain_name
from lab.store.layout import EXPERIMENT, LATEST
from lab.store.run_folder import RunFolder

MOST_RUN_NAMES = 5


def newest_runs(results: Path) -> Sequence[RunFolder]:
    """Every run in a results folder, the newest first."""
    folders = [path.parent for path in results.glob(f"*/{EXPERIMENT}")]
    return [RunFolder(path) for path in sorted(folders, reverse=True) if not path.is_symlink()]


def find_run(results: Path, name: str, setting: str = "RUN") -> RunFolder:
    """A run by its id; `latest` is the newest.

    Args:
        setting: the one that names it, for the error.

    Raises:
        UsageError: no run has that name, or the name leads out of the folder.
    """
    if not is_plain_name(name):
        raise UsageError(
            f"{setting}={name!r} is not the name of a run: give a folder's name in {results.name}/"
        )
    path = results.resolve() / (latest_name(results) if name == LATEST else name)
    if os.path.islink(path):
        raise UsageError(f"{setting}={name!r} is a symlink: give the name of the folder itself")
    if not os.path.lexists(path / EXPERIMENT):
        raise UsageError(
            f"{setting}={name!r} is not a run in {results.name}/: {choice_of_runs(results)}"
        )
    return RunFolder(path)


def latest_name(results: Path) -> str:
    """The name that the symlink `latest` points to; `latest` itself where it is a folder.

    Raises:
        UsageError: the symlink leads out of the folder.
    """
    link = results / LATEST
    if not os.path.islink(link):
        return LATEST
    name = os.readlink(link)
    if not is_plain_name(name):
        raise UsageError(
            f"{results.name}/{LATEST} points to {name!r}, which is not a run in {results.name}/: "
            "remove it, or give RUN=<a folder's name>"
        )
    return name


def choice_of_runs(results: Path) -> str:
    """The next step for a user who named no run: the newest names, or how to make a run."""
    names = sorted(item.parent.name for item in results.glob(f"*/{EXPERIMENT}"))
    choices = [name for name in names if name != LATEST and is_plain_name(name)]
    if not choices:
        return "no run exists yet, start one with make try or make repro"
    return f"choose one of {', '.join(choices[-MOST_RUN_NAMES:])}"
