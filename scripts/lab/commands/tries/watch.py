"""`make try WATCH=1`: once more whenever a file of the app changes, and what changed by it."""

import contextlib
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rich.console import Console

from lab.app.copying import SKIPPED
from lab.errors import ExitCode, LabError, UsageError
from lab.files import path_text
from lab.records.summary import Summary
from lab.report.answer_change import change_line
from lab.store.layout import LATEST
from lab.store.run_folder import RunFolder
from lab.text.phrases import listed

LOOK_SECONDS = 0.5
SETTLE_SECONDS = 10.0
"""How long files may go on to change before the app is tried; an editor or git takes a moment."""
MOST_WATCHED_FILES = 50_000
MOST_UNWATCHED_NAMED = 3
NO_CONTAINERS = "WATCH=1 needs local processes: set ENGINE=process"
Stamp = dict[str, tuple[int, int]]
"""Time of change and size of each file, by its path."""
Conduct = Callable[[Callable[[Path], None]], ExitCode]
"""Tries the app once; what it is given is called with each file that the try writes into its
folder, right after that."""


def stamp_of(folder: Path, most_files: int = MOST_WATCHED_FILES) -> Stamp:
    """The files of an app as they are now; what is never copied is left out.

    Raises:
        UsageError: there are too many to look at again and again.
    """
    stamp: Stamp = {}
    for parent, folders, files in os.walk(folder):
        skipped = SKIPPED(parent, [*folders, *files])
        folders[:] = [name for name in folders if name not in skipped]
        if len(stamp) + len(files) > most_files:
            raise UsageError(
                f"WATCH=1 looks at {most_files:,} files at most, and {folder} has more: give a "
                "folder with less in it"
            )
        for name in set(files) - skipped:
            add_to(stamp, Path(parent, name))
    return stamp


def add_to(stamp: Stamp, file: Path) -> None:
    """Stamp a file as it is now, where it is there."""
    with contextlib.suppress(OSError):
        status = file.stat()
        stamp[str(file)] = (status.st_mtime_ns, status.st_size)


class WatchedFolder:
    """An app's folder, and which of its files change all the time, such as a log."""

    def __init__(
        self,
        folder: Path,
        say: Callable[[str], None],
        settle_seconds: float = SETTLE_SECONDS,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.folder, self.say = folder, say
        self.settle_seconds, self.sleep = settle_seconds, sleep
        self.restless: set[str] = set()

    def changed(self, before: Stamp, now: Stamp) -> set[str]:
        """The files that are new, gone or written, without those that change all the time."""
        both = before.keys() | now.keys()
        return {path for path in both if before.get(path) != now.get(path)} - self.restless

    def wait_for_change(self, before: Stamp) -> None:
        """Return once files have changed and then rest for a moment."""
        now = stamp_of(self.folder)
        while not self.changed(before, now):
            self.sleep(LOOK_SECONDS)
            now = stamp_of(self.folder)
        ends = time.monotonic() + self.settle_seconds
        while True:
            self.sleep(LOOK_SECONDS)
            now, earlier = stamp_of(self.folder), now
            changed = self.changed(earlier, now)
            if not changed:
                return
            if time.monotonic() > ends:
                self.leave_out(changed)
                return

    def leave_out(self, paths: set[str]) -> None:
        self.restless |= paths
        names = sorted(path_text(Path(os.path.relpath(path, self.folder))) for path in paths)
        self.say(f"No longer watched, as changes never end: {listed(names, MOST_UNWATCHED_NAMED)}.")


def watch(app: Path, results: Path, conduct: Conduct, console: Console) -> ExitCode:
    """Try the app, and again after each change of its files, until it is interrupted.

    An app that cannot be measured is one line, and its next change is waited for. What the try
    itself writes into the folder, a guessed lab.toml, is no change.
    """
    last: Summary | None = None
    folder = app if app.is_dir() else app.parent

    def say(line: str) -> None:
        console.print(line, markup=False, soft_wrap=True)

    watched = WatchedFolder(folder, say)
    while True:
        before = stamp_of(folder)
        try:
            if conduct(partial(add_to, before)) is ExitCode.INTERRUPTED:
                return ExitCode.INTERRUPTED
            summary = latest_summary(results)
            if last is not None and (line := change_line(last, summary)):
                console.print(line, style="bold", markup=False, soft_wrap=True)
            last = summary if summary.own is not None else last
        except LabError as error:
            console.print(f"lab: {error}", style="bold red", markup=False, soft_wrap=True)
        say(f"Waiting for a change of {path_text(folder)}; Ctrl-C ends.")
        watched.wait_for_change(before)


def latest_summary(results: Path) -> Summary:
    return RunFolder(Path(os.path.realpath(results / LATEST))).read_summary()


def check_watched(*, in_driver: bool) -> None:
    """Raise UsageError where there is nothing to watch: a container has a copy of the app."""
    if in_driver:
        raise UsageError(NO_CONTAINERS)
