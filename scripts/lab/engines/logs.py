"""What a server leaves in its folder of logs: its log and its exit status.

The app owns these files and may replace them by anything.
"""

import os
from pathlib import Path

from lab.errors import LabError
from lab.files import read_tail

MAX_LOG_BYTES = 65_536
"""The most bytes of a log's end that are read."""
NOT_READ = "(lab: the server's log was not read, because it is not a readable regular file)"
MAX_STATUS_BYTES = 16
LARGEST_STATUS = 255


def log_lines(path: Path) -> tuple[str, ...]:
    """The lines in the last 64 KiB of a log; empty without a log.

    A log that is a pipe, a symlink or the like gives one line that says so.
    """
    if not os.path.lexists(path):
        return ()
    try:
        tail = read_tail(path, MAX_LOG_BYTES)
    except LabError:
        return (NOT_READ,)
    lines = tail.decode("utf-8", errors="replace").splitlines()
    # The first line of a full tail is the end of a longer one.
    return tuple(lines[1:] if len(tail) == MAX_LOG_BYTES and len(lines) > 1 else lines)


def exit_status(path: Path) -> int | None:
    """The exit status in the file that `images/entry` writes; None when it holds none."""
    try:
        text = read_tail(path, MAX_STATUS_BYTES).strip()
    except LabError:
        return None
    status = int(text) if text.isdigit() else None
    return status if status is not None and status <= LARGEST_STATUS else None
