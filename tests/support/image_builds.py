"""The images of the real tests: their builder begins before the first test and is waited for."""

from __future__ import annotations

import fcntl
import os
import subprocess
from typing import IO

from support.lab_commands import VARIANTS, answers_docker
from support.paths import ROOT

LOCK = ROOT / ".environments" / "test-images.lock"
"""Held by who builds; its text is the session whose images are all there."""


def open_locked() -> IO[str]:
    """The lock's file, once nobody builds."""
    LOCK.parent.mkdir(exist_ok=True)
    lock = LOCK.open("a+")
    fcntl.flock(lock, fcntl.LOCK_EX)
    lock.seek(0)
    return lock


def begin() -> subprocess.Popen[bytes] | None:
    """The builder, which holds the lock to its end; None where no engine answers.

    It is no child of a test's worker, so it has more of the CPUs than one.
    """
    if not answers_docker():
        return None
    with open_locked() as lock:
        return subprocess.Popen(
            builder(),
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(lock.fileno(),),
        )


def ensure(session: str) -> str:
    """Why an image is missing, or nothing; who asks first in a session builds what is left."""
    with open_locked() as lock:
        if lock.read() == session:
            return ""
        done = subprocess.run(
            builder(), env=environment(), capture_output=True, text=True, check=False
        )
        if (done.returncode, done.stdout) != (0, ""):
            return f"exit code {done.returncode}: {done.stderr[-2000:]}"
        lock.truncate(0)
        lock.write(session)
    return ""


def builder() -> list[str]:
    return [str(ROOT / "scripts" / "images")]


def environment() -> dict[str, str]:
    return {**os.environ, "VARIANTS": VARIANTS}
