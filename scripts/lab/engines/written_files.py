"""What a variant writes into folders of the host, which no engine bounds; too much ends it.

The files are looked at; what is written and has no name is seen by the room that is left.
"""

import os
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.files import FOLDER, path_text
from lab.text.phrases import counted, size
from lab.units import MIB

COST_SHARE = 50
"""Looking takes at most this part of the time."""

CLOCK_SECONDS = 0.1
"""A disk's clock may be so much behind."""


@dataclass(frozen=True, slots=True)
class WriteLimits:
    """How much may be written from the start of a variant on."""

    most_bytes: int = 2048 * MIB
    most_entries: int = 100_000
    """Files and folders; each takes a place on the disk, be it empty."""
    least_free_bytes: int = 512 * MIB
    """Room that is left on the disk; half of it where there was less at the start."""
    pace_seconds: float = 1.0


WRITE_LIMITS = WriteLimits()


@dataclass(frozen=True, slots=True)
class WrittenFiles:
    """What stands in some folders."""

    bytes: int = 0
    entries: int = 0
    largest: str = ""
    """The path of the largest file that was changed in the time asked for; empty without one."""
    largest_bytes: int = 0
    closed: str = ""
    """The path of a folder that cannot be looked into; empty without one."""


def written_in(
    folders: Iterable[Path], most_entries: int = sys.maxsize, since_seconds: float = 0.0
) -> WrittenFiles:
    """What stands in the folders, by the blocks that it takes; no symlink is followed.

    Args:
        folders: of which a missing one counts as empty.
        most_entries: after which the rest is not looked at.
        since_seconds: the moment after which the largest file was changed.
    """
    left = [os.fspath(folder) for folder in folders]
    total = entries = largest_bytes = 0
    largest = ""
    while left and entries <= most_entries:
        folder = left.pop()
        try:
            for name, status in folder_entries(folder):
                entries, taken = entries + 1, status.st_blocks * 512
                total += taken
                if stat.S_ISDIR(status.st_mode):
                    left.append(f"{folder}/{name}")
                elif taken > largest_bytes and status.st_ctime >= since_seconds:
                    largest, largest_bytes = f"{folder}/{name}", taken
                if entries > most_entries:
                    break
        except FileNotFoundError:
            continue
        except OSError:
            return WrittenFiles(total, entries, largest, largest_bytes, folder)
    return WrittenFiles(total, entries, largest, largest_bytes)


def folder_entries(folder: str) -> Iterable[tuple[str, os.stat_result]]:
    """The names of a folder with what stands there; one that vanishes meanwhile is left out."""
    descriptor = os.open(folder, FOLDER)
    try:
        with os.scandir(descriptor) as every:
            for entry in every:
                try:
                    yield entry.name, entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
    finally:
        os.close(descriptor)


class WriteWatch:
    """Looks at what one variant writes, and ends it once."""

    def __init__(
        self,
        folders: Sequence[Path],
        end: Callable[[], None],
        limits: WriteLimits = WRITE_LIMITS,
        free_bytes: Callable[[Path], int] | None = None,
    ) -> None:
        """
        Args:
            folders: that the variant writes to; there is one.
            end: ends the variant.
            limits: of what is written from now on.
            free_bytes: of the disk that holds a folder; None: as the system says.
        """
        self.folders, self.end, self.limits = tuple(folders), end, limits
        self.free_bytes = free_bytes or free_bytes_of
        self.fault = ""
        """Why it was ended, in one sentence; empty while it was not."""
        self.before, self.since_seconds = written_in(self.folders), time.time()
        self.free_before = self.free_bytes(self.folders[0])
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.watch, name="written", daemon=True)
        self.thread.start()

    def watch(self) -> None:
        wait_seconds = self.limits.pace_seconds
        while not self.stopped.wait(wait_seconds):
            began = time.thread_time()
            self.fault = self.look()
            if self.fault:
                self.end()
                return
            cost_seconds = time.thread_time() - began
            wait_seconds = max(self.limits.pace_seconds, COST_SHARE * cost_seconds)

    def look(self) -> str:
        """Why the variant has to end; empty as long as it may go on."""
        limits, before = self.limits, self.before
        most = before.entries + limits.most_entries
        now = written_in(self.folders, most, self.since_seconds - CLOCK_SECONDS)
        more_bytes, more_entries = now.bytes - before.bytes, now.entries - before.entries
        wrote = f"it wrote {size(more_bytes)} in {counted(more_entries, 'file')} and folders"
        if now.largest:
            wrote += f", the largest {path_text(Path(now.largest))} with {size(now.largest_bytes)}"
        if more_bytes > limits.most_bytes or more_entries > limits.most_entries:
            both = f"{size(limits.most_bytes)} and {limits.most_entries:,} of them"
            return f"the lab ended it: {wrote}; at most are {both}"
        free_bytes = self.free_bytes(self.folders[0])
        if free_bytes < min(limits.least_free_bytes, self.free_before // 2):
            return f"the lab ended it: its disk has {size(free_bytes)} left; {wrote}"
        if now.closed:
            return f"the lab ended it: {path_text(Path(now.closed))} cannot be looked into; {wrote}"
        return ""

    def stop(self) -> None:
        self.stopped.set()


def free_bytes_of(folder: Path) -> int:
    """Room for a user who is not root."""
    try:
        disk = os.statvfs(folder)
    except OSError:
        return 0
    return disk.f_bavail * disk.f_frsize
