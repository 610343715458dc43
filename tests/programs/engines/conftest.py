"""What tests of the engines' programs share."""

import contextlib
import os
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.engines.process.cgroups import Cgroup
from lab.engines.process.process_group import launch
from support.supervised import Start, StartPid, hang_up, noted


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.fixture
def note(tmp_path: Path) -> Path:
    """Beside the work folder, so that it outlives it."""
    return tmp_path / "note"


@pytest.fixture
def start(work: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[bytes]] = []

    def begin(*command: str, group: Cgroup | None = None) -> "subprocess.Popen[bytes]":
        started.append(launch(list(command), os.environ, work, group))
        return started[-1]

    yield begin
    for process in started:
        with contextlib.suppress(OSError):
            hang_up(process)
        try:
            process.wait(10)
        finally:
            process.kill()


@pytest.fixture
def start_pid(start: Start, note: Path) -> "StartPid":
    """Starts a shell's words, once its trap is set; gives the supervisor and the shell's pid."""

    def begin(words: str, trap: str = ":") -> tuple["subprocess.Popen[bytes]", int]:
        process = start("sh", "-c", f"{trap}; echo $$ > {shlex.quote(str(note))}; {words}")
        return process, int(noted(note))

    return begin
