"""A program that makes something and ends, with all that it starts."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


def run_bounded(
    words: Sequence[str],
    seconds: float,
    environment: Mapping[str, str],
    folder: Path | None,
    said: str = "",
) -> "subprocess.CompletedProcess[str]":
    """The program's end, with its output as text of any bytes.

    Its time over, or an interruption, ends the programs below it, too: many are shells.

    Args:
        said: what it is told on its standard input.

    Raises:
        TimeoutExpired: it did not end in time.
        OSError: it cannot be started.
    """
    with subprocess.Popen(
        words,
        env=dict(environment),
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as child:
        try:
            output, errors = child.communicate(said, seconds)
        except BaseException:
            with contextlib.suppress(ProcessLookupError, PermissionError):  # a zombie on macOS
                os.killpg(child.pid, signal.SIGKILL)
            raise
    return subprocess.CompletedProcess(words, child.returncode, output, errors)
