"""Runs uv, which installs interpreters and packages, and reads what it says of a failure."""

import contextlib
import fcntl
import importlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from pathlib import Path
from typing import IO

from lab.errors import LabError

INSTALL_SECONDS = 900.0
POLL_SECONDS = 0.1
REASON_CHARACTERS = 300
SOURCE_SETTING = re.compile(
    r"UV_(\w*INDEX\w*|\w*MIRROR|\w*CERTS?|\w*HTTP\w*|FIND_LINKS|INSECURE_HOST|KEYRING_PROVIDER"
    r"|LINK_MODE|NATIVE_TLS|OFFLINE|PYTHON_DOWNLOADS\w*)"
)
"""The user's settings of uv that say where packages come from; others change what is made."""
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
BUILD_OUTPUT = re.compile(r"^[ \t]*\[std(?:out|err)\]", re.MULTILINE)
LACKED = re.compile(
    r"^[^\n]{0,160}(?:\w\.h(?:pp)?: No such file|\w[-_]config\b[^\n]{0,40}not found"
    r"|MYSQLCLIENT_CFLAGS|development packages are installed|could not be found for \w"
    r"|command '[^'\n]{1,80}' failed: No such file|Dependency \"?\w+\"? not found)[^\n]{0,100}",
    re.MULTILINE,
)
"""What a package's build says of a header or a program of the system that is not there."""
CAUSE = re.compile(r"\s*(?:error:|cause:|\u00d7|├─▶|╰─▶)\s*(.+)")


def uv_command() -> Path:
    """uv's executable: next to this Python, else of the package `uv`, else on PATH.

    Raises:
        LabError: there is none.
    """
    neighbour = Path(sys.executable).with_name("uv")
    if neighbour.is_file():
        return neighbour
    with contextlib.suppress(ImportError, FileNotFoundError):
        return Path(importlib.import_module("uv").find_uv_bin())
    if executable := shutil.which("uv"):
        return Path(executable)
    raise LabError(
        "uv, which makes the variants' environments, is missing: run scripts/shell/venv process"
    )


def uv_environment(given: Mapping[str, str], root: Path) -> dict[str, str]:
    """The user's environment without what would change the result; uv writes below `root` alone."""
    kept = {
        name: value
        for name, value in given.items()
        if SOURCE_SETTING.fullmatch(name) or not name.startswith(("UV_", "PYTHON", "VIRTUAL_ENV"))
    }
    # As settings, for which an older uv has no option.
    python = {"UV_PYTHON_INSTALL_DIR": str(root / "python"), "UV_PYTHON_INSTALL_BIN": "0"}
    return {**kept, **python, "UV_CACHE_DIR": str(root / "cache")}


def causes(output: str) -> list[str]:
    """The error in uv's output and its causes down to the innermost; else its last line."""
    plain = ANSI.sub("", output).strip()
    own = BUILD_OUTPUT.split(plain)[0] or plain
    lines = [line.rstrip(" :") for line in own.splitlines() if line.strip()]
    marked = [match[1] for line in lines if (match := CAUSE.match(line))]
    return marked or [line.strip() for line in lines[-1:]] or ["it gave no reason"]


def failure_line(output: str) -> str:
    """The error and the innermost cause of a failed install, in one line.

    A build's own words are longer than a line; what it lacked of the system is the cause.
    """
    reasons, (_, *built) = causes(output), BUILD_OUTPUT.split(ANSI.sub("", output))
    lacked = LACKED.search("\n".join(built))
    last = lacked[0].strip() if lacked else reasons[-1]
    return ": ".join(dict.fromkeys((reasons[0], last)))[:REASON_CHARACTERS]


def kill(child: subprocess.Popen[str]) -> None:
    """End a process and those that it started, unless it has ended."""
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # a zombie on macOS
            os.killpg(child.pid, signal.SIGKILL)


def is_locked(file: IO[str]) -> bool:
    """Whether this process has the file's lock now; closing the file releases it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class Uv:
    """Runs uv; `end` kills each run that has not ended and refuses later ones."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.guard = threading.Lock()
        self.running: set[subprocess.Popen[str]] = set()
        self.ended = threading.Event()

    def start(self, arguments: Sequence[str | Path]) -> subprocess.Popen[str]:
        with self.guard:
            if self.ended.is_set():
                raise CancelledError
            child = subprocess.Popen(
                [uv_command(), *arguments, "--no-config", "--no-progress"],
                cwd=self.root,
                env=uv_environment(os.environ, self.root),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,  # a group of its own: the build of a package ends with it
            )
            self.running.add(child)
        return child

    def run(self, *arguments: str | Path, timeout_seconds: float = INSTALL_SECONDS) -> str:
        """uv's output when it fails; empty when it succeeds.

        Raises:
            CancelledError: `end` was called before.
        """
        with self.start(arguments) as child:
            try:
                output = child.communicate(timeout=timeout_seconds)[1]
            except subprocess.TimeoutExpired:
                return f"error: it was not complete after {timeout_seconds:g} s"
            finally:
                kill(child)
                with self.guard:
                    self.running.discard(child)
        if child.returncode == 0:
            return ""
        return output.strip() or f"error: uv ended with {child.returncode}"

    def end(self) -> None:
        with self.guard:
            self.ended.set()
            for child in self.running:
                kill(child)

    @contextlib.contextmanager
    def lock(self, path: Path) -> Iterator[None]:
        """Hold a lock file against other threads and processes; waits until it is free.

        Raises:
            CancelledError: `end` was called meanwhile.
        """
        with path.open("a") as file:
            while not is_locked(file):
                if self.ended.wait(POLL_SECONDS):
                    raise CancelledError
            yield
