"""`make try WATCH=1`: once more whenever a file of the app changes, and what changed by it."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from lab.app.copying import SKIPPED
from lab.errors import ExitCode, LabError, UsageError
from lab.records.app_answer import AppAnswer
from lab.report.answer_change import change_line
from lab.store.layout import LATEST
from lab.store.run_folder import RunFolder

LOOK_SECONDS = 0.5
NO_CONTAINERS = "WATCH=1 needs local processes: set ENGINE=process"
Stamp = dict[str, tuple[int, int]]
"""Time of change and size of each file, by its path."""


def stamp_of(folder: Path) -> Stamp:
    """The files of an app as they are now; what is never copied is left out."""
    stamp: Stamp = {}
    for place, folders, files in os.walk(folder):
        skipped = SKIPPED(place, [*folders, *files])
        folders[:] = [name for name in folders if name not in skipped]
        for name in set(files) - skipped:
            path = Path(place, name)
            try:
                status = path.stat()
            except OSError:
                continue
            stamp[str(path)] = (status.st_mtime_ns, status.st_size)
    return stamp


def wait_for_change(folder: Path, before: Stamp) -> Stamp:
    """The files once they differ from what is known, and have stopped to change."""
    now = stamp_of(folder)
    while now == before:
        time.sleep(LOOK_SECONDS)
        now = stamp_of(folder)
    while (later := stamp_of(folder)) != now:
        time.sleep(LOOK_SECONDS)
        now = later
    return now


def watch(app: Path, results: Path, conduct: Callable[[], ExitCode], console: Console) -> ExitCode:
    """Try the app, and again after each change of its files, until it is interrupted.

    An app that cannot be measured is one line, and its next change is waited for.
    """
    last: AppAnswer | None = None
    while True:
        before = stamp_of(app)
        try:
            conduct()
            answer = latest_answer(results)
            if last is not None and answer is not None:
                console.print(change_line(last, answer), style="bold", soft_wrap=True)
            last = answer or last
        except LabError as error:
            console.print(f"lab: {error}", style="bold red", markup=False, soft_wrap=True)
        console.print(f"Waiting for a change of {app}; Ctrl-C ends.", markup=False, soft_wrap=True)
        wait_for_change(app, before)


def latest_answer(results: Path) -> AppAnswer | None:
    return RunFolder(Path(os.path.realpath(results / LATEST))).read_summary().own


def check_watched(*, in_driver: bool) -> None:
    """Raise UsageError where there is nothing to watch: a container has a copy of the app."""
    if in_driver:
        raise UsageError(NO_CONTAINERS)
