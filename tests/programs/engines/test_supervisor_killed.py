"""What a supervisor cannot end by itself."""

import os
import signal
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from lab.engines.process import supervisor as supervisor
from lab.engines.process.process_group import ProcessGroup, end_supervisor
from support.polling import wait_until
from support.supervised import StartPid, lives

ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets orphans be adopted")
SLEEP = "exec sleep 60"


def test_a_signal_that_is_refused_spares_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As below `sudo`, whose processes are another user's."""
    asked: list[int] = []

    def kill(pid: int, _: int) -> None:
        asked.append(pid)
        if pid == 11:
            raise PermissionError

    monkeypatch.setattr(supervisor, "descendants", lambda _: [11, 12])
    monkeypatch.setattr(os, "kill", kill)
    monkeypatch.setattr(os, "killpg", kill)
    supervising = supervisor.Supervisor(None, tmp_path)
    supervising.first = SimpleNamespace(pid=11)  # type: ignore[assignment]

    assert supervising.send(signal.SIGTERM)
    assert asked == [11, 12, 11]


@ON_LINUX
def test_what_a_supervisor_keeps_that_stands_still_is_killed_before_it(
    start_pid: StartPid, work: Path
) -> None:
    process, pid = start_pid(SLEEP)
    group = ProcessGroup(process, work, None)
    process.send_signal(signal.SIGSTOP)
    group.ask_to_end()

    assert group.wait(0.1) == "its supervisor did not end within 0 s: 1 process was killed, then it"
    assert process.returncode == -signal.SIGKILL
    assert wait_until(lambda: not lives(pid))


@ON_LINUX
def test_what_a_killed_supervisor_leaves_behind_is_killed(
    start_pid: StartPid, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_WORK", str(work))
    process, pid = start_pid(SLEEP)
    group = ProcessGroup(process, work, None)
    process.kill()

    assert wait_until(lambda: process.poll() is not None)
    assert group.wait() == ("its supervisor was killed; 1 process was left behind and killed")
    assert wait_until(lambda: not lives(pid))


@ON_LINUX
def test_what_a_killed_supervisor_alone_leaves_behind_is_killed_by_its_folder(
    start_pid: StartPid, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(work))
    process, pid = start_pid(SLEEP)
    process.kill()
    assert wait_until(lambda: process.poll() is not None)
    end_supervisor(process, work)

    assert wait_until(lambda: not lives(pid))
