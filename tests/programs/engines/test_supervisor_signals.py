"""Signals, terminals and what a driver ignores: what the supervisor makes of them."""

import os
import shlex
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.engines.process import supervisor
from lab.engines.process.cgroups import V2, Cgroup
from support.polling import wait_until
from support.supervised import WAIT_SECONDS, Start, StartPid, lives, noted

ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets orphans be adopted")
TERMINALS = (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP)
SLEEP = "exec sleep 60"
DISPOSITIONS = """
import signal, sys
heard = [signal.getsignal(getattr(signal, name)) != signal.SIG_IGN for name in sys.argv[2:]]
with open(sys.argv[1], "w") as note:
    note.write(f"{heard}\\n")
"""


def test_a_terminated_supervisor_ends_its_processes(start_pid: StartPid, work: Path) -> None:
    process, pid = start_pid(SLEEP)
    process.terminate()

    assert process.wait(WAIT_SECONDS) == 128 + signal.SIGTERM
    assert not lives(pid)
    assert work.is_dir()


@ON_LINUX
def test_a_supervisor_that_is_terminated_while_it_starts_ends_what_it_starts(
    start: Start, tmp_path: Path
) -> None:
    group = Cgroup(tmp_path / "group", V2)
    group.path.mkdir()
    gate = group.path / "cgroup.procs"
    os.mkfifo(gate)
    process = start("sleep", "60", group=group)
    assert wait_until(lambda: bool(supervisor.descendants(process.pid)))
    (pid,) = supervisor.descendants(process.pid)
    process.terminate()
    assert gate.read_text(encoding="ascii") == "0"  # from here on it can start

    assert process.wait(WAIT_SECONDS) == 128 + signal.SIGTERM
    assert not lives(pid)


def test_the_terminals_signals_pass_it_by(start_pid: StartPid) -> None:
    process, pid = start_pid(SLEEP)
    for number in TERMINALS:
        process.send_signal(number)

    assert not wait_until(lambda: process.poll() is not None, 0.3), process.returncode
    assert lives(pid)


def test_it_is_no_part_of_the_terminals_session(start_pid: StartPid) -> None:
    process, pid = start_pid(SLEEP)

    assert len({os.getsid(0), os.getsid(process.pid), os.getsid(pid)}) == 3


@pytest.fixture
def _deaf_driver() -> Iterator[None]:
    """As under nohup, or behind a shell's `&`."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in TERMINALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("_deaf_driver")
def test_what_the_driver_ignores_its_child_hears(start: Start, note: Path) -> None:
    names = [number.name for number in (*TERMINALS, signal.SIGTERM)]
    start(sys.executable, "-I", "-S", "-c", DISPOSITIONS, str(note), *names)

    assert noted(note) == str([True] * len(names))


def test_what_it_keeps_knows_who_keeps_it(start: Start, note: Path) -> None:
    process = start("sh", "-c", f"echo $LAB_SUPERVISOR > {shlex.quote(str(note))}")

    assert int(noted(note)) == process.pid


def test_what_it_keeps_reads_nothing_of_the_drivers_input(start: Start, note: Path) -> None:
    process = start("sh", "-c", f"cat; echo end > {shlex.quote(str(note))}")

    assert noted(note) == "end"
    assert process.wait(WAIT_SECONDS) == 0


def test_its_first_process_enters_the_cgroup_which_goes_at_the_end(
    start: Start, tmp_path: Path, note: Path
) -> None:
    group = Cgroup(tmp_path / "group", V2)
    group.path.mkdir()
    procs = shlex.quote(str(group.path / "cgroup.procs"))
    words = f"echo $(cat {procs}) > {shlex.quote(str(note))}; rm {procs}"  # a real one has no files
    process = start("sh", "-c", words, group=group)

    assert noted(note) == "0"
    assert process.wait(WAIT_SECONDS) == 0
    assert not group.path.exists()


@pytest.mark.parametrize("missing", ["command", "cgroup"])
def test_what_cannot_start_is_said_in_one_line(
    start: Start, work: Path, tmp_path: Path, missing: str
) -> None:
    group = Cgroup(tmp_path / "no-such-group", V2) if missing == "cgroup" else None
    command = str(tmp_path / "no-such-command") if missing == "command" else "true"
    process = start(command, group=group)

    assert process.wait(WAIT_SECONDS) == 127
    (line,) = (work / "supervisor.log").read_text(encoding="utf-8").splitlines()
    assert line.startswith(f"supervisor: {command} cannot start: ")
