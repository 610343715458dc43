"""The lab's shell: what make calls, and in scripts/shell what those call or source."""

import os
import subprocess
from pathlib import Path

from support.paths import ROOT

SCRIPTS = ROOT / "scripts"
SHELL_SCRIPTS = sorted(
    path
    for folder in (SCRIPTS, SCRIPTS / "shell")
    for path in folder.iterdir()
    if path.is_file()
    if path.suffix == ".sh" or path.read_bytes().startswith(b"#!/bin/sh")
)


def shell(
    name: str, line: str, folder: Path = ROOT, **given: str
) -> "subprocess.CompletedProcess[str]":
    """A line in a clean shell that knows what a script of scripts/shell defines.

    Args:
        name: the script's, such as `containers`.
        folder: the clone.
        given: its environment beside PATH.
    """
    return subprocess.run(
        ["sh", "-c", f". scripts/shell/{name}.sh; {line}"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": "/nowhere", **given},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def sourced(clone: Path, line: str) -> str:
    """What a line prints in a shell of a clone that knows its project and its tag."""
    words = ["sh", "-c", f". scripts/shell/engine.sh; {line}"]
    done = subprocess.run(words, cwd=clone, capture_output=True, text=True, check=True)
    return done.stdout.strip()
