"""A supervisor, run as the engine runs it."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from support.polling import wait_until

Start = Callable[..., "subprocess.Popen[bytes]"]
WAIT_SECONDS = 30
"""Less than what it waits for; a busy machine needs more than a few."""


def noted(note: Path) -> str:
    """The line that something wrote there, once it is whole."""
    assert wait_until(lambda: note.exists() and note.read_text().endswith("\n")), f"no {note.name}"
    return note.read_text().strip()


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def hang_up(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdin is not None
    process.stdin.close()


class StartPid(Protocol):
    """See `start_pid`."""

    def __call__(self, words: str, trap: str = ":") -> tuple["subprocess.Popen[bytes]", int]: ...
