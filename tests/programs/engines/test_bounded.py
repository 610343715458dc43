"""A program that makes something and ends: nothing of it runs on."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from lab.engines.process import debian, servers
from lab.engines.process.bounded import run_bounded
from lab.engines.process.debian import Programs
from support.paths import ROOT
from support.polling import wait_until

NOTES = "sh -c 'echo $$ > note.new; mv note.new note; exec sleep 60' && echo never"
DRIVER = """
import os, sys
from pathlib import Path
from lab.engines.process.bounded import run_bounded
run_bounded(["sh", "-c", sys.argv[2]], 60, os.environ, Path(sys.argv[1]))
"""


def lives(pid: int) -> bool:
    """Whether it runs; who has ended and has no parent that knows is no one who does."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] not in "ZX"


ON_LINUX = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux' /proc")


def test_it_is_told_and_tells_bytes_of_any_kind(tmp_path: Path) -> None:
    line = "cat; pwd; printf 'caf\\303' >&2; exit 3"
    done = run_bounded(["sh", "-c", line], 30, os.environ, tmp_path, "told\n")

    assert (done.returncode, done.stderr) == (3, "caf\ufffd")
    assert done.stdout == f"told\n{tmp_path}\n"


WAYS: dict[str, Callable[[list[str], Path], object]] = {
    "a server's data": lambda words, folder: servers.call(words, Programs(()), folder, "", 2.0),
    "packages": lambda words, folder: debian.output(*words, folder=folder, seconds=2.0),
}


@ON_LINUX
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_what_does_not_end_is_ended_with_what_it_started(
    tmp_path: Path, way: Callable[[list[str], Path], object]
) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        way(["sh", "-c", NOTES], tmp_path)
    pid = int((tmp_path / "note").read_text(encoding="ascii"))

    assert wait_until(lambda: not lives(pid), 30)


@ON_LINUX
def test_an_interruption_ends_it_too(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    words = [sys.executable, "-c", DRIVER, str(tmp_path), NOTES]
    with subprocess.Popen(words, env=environment, stderr=subprocess.DEVNULL) as driver:
        assert wait_until((tmp_path / "note").exists)
        pid = int((tmp_path / "note").read_text(encoding="ascii"))
        driver.send_signal(signal.SIGINT)

    assert wait_until(lambda: not lives(pid), 30)
