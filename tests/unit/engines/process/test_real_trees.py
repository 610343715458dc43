"""Process trees of real children, and of a made-up psutil."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from lab.engines.process.process_tree import LinuxTrees, PsutilTrees, TreeReading, Trees
from lab.units import MIB
from support.made_up_psutil import Process, psutil_trees

TELLS_PSS = pytest.mark.skipif(
    not Path("/proc/self/smaps_rollup").exists(), reason="this kernel tells no PSS"
)
CHILD = """
import os, signal, sys
print("ready", flush=True)
for line in sys.stdin:
    if line.strip() == "touch":
        held = b"x" * (30 << 20)
    elif os.fork() == 0:
        print("done", flush=True)
        signal.pause()
    else:
        continue
    print("done", flush=True)
"""


class Child:
    """A real process below a root of its own; it does as it is told and says when it is done."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.wait_for("ready")

    def wait_for(self, word: str) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == f"{word}\n"

    def do(self, word: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        self.wait_for("done")


@contextmanager
def real_child() -> Iterator[Child]:
    # The shell is the root, which a tree leaves out.
    command = [sys.executable, "-I", "-S", "-c", CHILD]
    with subprocess.Popen(
        ["sh", "-c", '"$@"; exit', "sh", *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield Child(process)
        finally:
            os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture
def child() -> Iterator[Child]:
    with real_child() as child:
        yield child


def read(make: Callable[[], Trees], child: Child) -> TreeReading:
    """By a fresh look."""
    reading = make().read(child.process.pid)
    assert reading is not None
    return reading


@TELLS_PSS
def test_memory_that_a_real_process_touches_is_its_trees(child: Child) -> None:
    before = read(LinuxTrees, child)
    child.do("touch")
    after = read(LinuxTrees, child)

    assert (before.processes, after.processes) == (1, 1)
    assert abs(after.memory_bytes - before.memory_bytes - 30 * MIB) < 5 * MIB
    assert 0 < before.memory_bytes < before.total_bytes
    assert after.peak_bytes is not None
    assert after.peak_bytes >= 30 * MIB


@TELLS_PSS
def test_memory_that_real_processes_share_counts_once(child: Child) -> None:
    before = read(LinuxTrees, child)
    child.do("touch")
    child.do("fork")
    after = read(LinuxTrees, child)

    assert (after.processes, after.tasks) == (2, 2)
    assert abs(after.memory_bytes - before.memory_bytes - 30 * MIB) < 5 * MIB
    assert after.rss_bytes - before.rss_bytes > 55 * MIB
    assert LinuxTrees().rss_bytes(child.process.pid) > 55 * MIB


def test_psutil_sees_the_same_of_a_real_process(child: Child) -> None:
    pytest.importorskip("psutil", reason="psutil is NOT INSTALLED: its way stays untested")
    before = read(PsutilTrees, child)
    child.do("touch")
    after = read(PsutilTrees, child)

    assert before.source == "process-uss"
    assert (after.processes, after.tasks) == (1, 1)
    assert abs(after.memory_bytes - before.memory_bytes - 30 * MIB) < 5 * MIB
    assert PsutilTrees().rss_bytes(child.process.pid) > 30 * MIB


def test_psutil_tells_what_is_private(monkeypatch: pytest.MonkeyPatch) -> None:
    reading = psutil_trees(monkeypatch, Process(500, 300), Process(70, 20)).read(1)

    assert reading is not None
    assert reading.source == "process-uss"
    assert reading.memory_bytes == reading.total_bytes == 320
    assert (reading.rss_bytes, reading.processes, reading.tasks) == (570, 2, 6)
    assert (reading.cpu_user_seconds, reading.cpu_system_seconds) == (3.0, 0.5)
    assert (reading.anon_bytes, reading.file_bytes, reading.shmem_bytes) == (None, None, None)
    assert reading.peak_bytes is None


def test_psutil_where_what_is_private_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    reading = psutil_trees(monkeypatch, Process(500), Process(70)).read(1)

    assert reading is not None
    assert (reading.source, reading.memory_bytes, reading.total_bytes) == ("process-rss", 570, 570)


def test_psutil_leaves_out_what_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = (Process(None), Process(70, lives=False))
    tree = psutil_trees(monkeypatch, *ended, Process(500, 300))
    reading = tree.read(1)

    assert reading is not None
    assert (reading.processes, reading.memory_bytes) == (1, 300)
    assert tree.rss_bytes(1) == 500


def test_psutil_finds_no_tree_where_nothing_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    tree = psutil_trees(monkeypatch, Process(None))

    assert tree.read(1) is None
    assert tree.read(2) is None
    assert tree.rss_bytes(2) == 0
