"""What runs once before an app serves: what it says, and that nothing of it runs on."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from lab.app.guess.failures import Failure, FailureKind
from lab.app.workdir import COPY, ReadyApp
from lab.commands.app_runs import prepare
from lab.engines.process.environments import Installed
from support.paths import ROOT
from support.polling import wait_until

READY = ReadyApp(Installed(Path(sys.executable), "CPython of the tests"))
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets orphans be adopted")
SLEEPS = "sh -c 'echo $$ > note.new; mv note.new note; exec sleep 60' && echo never"
DRIVER = """
import sys
from pathlib import Path
from types import SimpleNamespace
from lab.app.workdir import ReadyApp
from lab.commands.app_runs.prepare import run_prepare
from lab.engines.process.environments import Installed
spec = SimpleNamespace(prepare=sys.argv[2], environment={}, secrets=())
run_prepare(spec, ReadyApp(Installed(Path(sys.executable), "")), Path(sys.argv[1]), None)
"""


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / COPY).mkdir()
    return tmp_path


def prepared(work: Path, line: str, most_seconds: float = 60) -> Failure | None:
    spec: Any = SimpleNamespace(prepare=line, environment={"WORD": "given"}, secrets=())
    return prepare.run_prepare(spec, READY, work, None, most_seconds)


def noted_pid(work: Path) -> int:
    note = work / COPY / "note"
    assert wait_until(note.exists)
    return int(note.read_text(encoding="ascii"))


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_it_runs_in_the_copy_with_the_apps_environment(work: Path) -> None:
    line = "echo $WORD > made; python3 -c 'import sys; print(sys.prefix)' >> made; cat"

    assert prepared(work, line) is None
    assert (work / COPY / "made").read_text().splitlines() == ["given", sys.prefix]


def test_what_fails_is_told_with_what_it_said(work: Path) -> None:
    failure = prepared(work, "echo one; echo two >&2; printf 'caf\\303'; exit 3")

    assert failure == Failure(FailureKind.PREPARE, "one\ntwo\ncaf\ufffd")


@ON_LINUX
def test_what_does_not_end_is_ended_with_all_that_it_started(
    work: Path,
) -> None:
    failure = prepared(work, SLEEPS, 2.0)

    assert failure == Failure(FailureKind.PREPARE, f"{SLEEPS} did not end within 2 s")
    assert not lives(noted_pid(work))


@ON_LINUX
def test_what_it_leaves_behind_is_ended(work: Path) -> None:
    assert prepared(work, "sleep 60 > /dev/null 2>&1 & echo $! > note") is None
    assert not lives(noted_pid(work))


@ON_LINUX
def test_it_ends_once_the_copy_is_gone(work: Path) -> None:
    """A thread cannot be interrupted; who waits for it is, and takes the copy away."""
    ended: list[Failure | None] = []
    thread = threading.Thread(target=lambda: ended.append(prepared(work, SLEEPS)))
    thread.start()
    pid = noted_pid(work)
    (work / COPY).rename(work / "gone")
    thread.join(30)

    assert len(ended) == 1
    assert not lives(pid)


@ON_LINUX
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_it_ends_with_the_lab(work: Path, number: int) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    words = [sys.executable, "-c", DRIVER, str(work), SLEEPS]
    with subprocess.Popen(words, env=environment, stderr=subprocess.DEVNULL) as driver:
        pid = noted_pid(work)
        driver.send_signal(number)

    assert wait_until(lambda: not lives(pid), 30)
