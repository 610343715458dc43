"""The supervisor, run as the engine runs it."""

import contextlib
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Protocol

import pytest
from lab.engines.process import process_group
from lab.engines.process import supervisor as supervisor
from lab.engines.process.cgroups import V2, Cgroup
from lab.engines.process.process_group import ProcessGroup, launch
from support.paths import ROOT
from support.polling import wait_until

SCRIPTS = ROOT / "scripts"
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets orphans be adopted")
TERMINALS = (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP)
SLEEP = "exec sleep 60"
WAIT_SECONDS = 30
"""Less than what it waits for; a busy machine needs more than a few."""
DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        with open(sys.argv[1], "w") as note:
            note.write(f"{os.getpid()}\\n")
        time.sleep(60)
    os._exit(0)
os.wait()
time.sleep(float(sys.argv[2]))
"""
DISPOSITIONS = """
import signal, sys
heard = [signal.getsignal(getattr(signal, name)) != signal.SIG_IGN for name in sys.argv[2:]]
with open(sys.argv[1], "w") as note:
    note.write(f"{heard}\\n")
"""
NAMELESS = """
import signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
with open("/proc/self/comm", "wb") as name:
    name.write(b"caf" + bytes([0xC3]))
with open(sys.argv[1], "w") as note:
    note.write("named\\n")
time.sleep(60)
"""
"""Its name ends within a character, as Linux cuts a longer one."""
DRIVER = """
import os, sys, time
from pathlib import Path
from lab.engines.process.process_group import launch
launch(["sh", "-c", sys.argv[1]], os.environ, Path(sys.argv[2]), None)
time.sleep(60)
"""
Start = Callable[..., "subprocess.Popen[bytes]"]


def noted(note: Path) -> str:
    """The line that something wrote there, once it is whole."""
    assert wait_until(lambda: note.exists() and note.read_text().endswith("\n")), f"no {note.name}"
    return note.read_text().strip()


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def tell(process: "subprocess.Popen[bytes]", line: bytes) -> None:
    assert process.stdin is not None
    process.stdin.write(line)
    process.stdin.flush()


def hang_up(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdin is not None
    process.stdin.close()


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


class StartPid(Protocol):
    """See `start_pid`."""

    def __call__(self, words: str, trap: str = ":") -> tuple["subprocess.Popen[bytes]", int]: ...


@ON_LINUX
def test_a_server_below_a_shell_is_told_to_end(start: Start, note: Path) -> None:
    server = (
        "import signal, sys, time\n"
        "def end(*_):\n"
        f"    open({str(note)!r}, 'w').write('told\\n')\n"
        "    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\n"
        f"open({str(note)!r}, 'w').write('up\\n')\n"
        "time.sleep(60)\n"
    )
    process = start("sh", "-c", f"{shlex.quote(sys.executable)} -c {shlex.quote(server)}; true")
    assert noted(note) == "up"

    tell(process, b"end\n")

    process.wait(10)
    assert noted(note) == "told"


@pytest.fixture
def _short_grace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same script with less patience."""
    text = Path(supervisor.__file__).read_text(encoding="utf-8")
    assert text.count("GRACE_SECONDS = 2.0\n") == 1
    hasty = tmp_path / "supervisor.py"
    hasty.write_text(text.replace("GRACE_SECONDS = 2.0\n", "GRACE_SECONDS = 0.2\n"), "utf-8")
    monkeypatch.setattr(supervisor, "__file__", str(hasty))


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("exit 0", 0),
        ("exit 7", 7),
        ("kill -TERM $$", 128 + signal.SIGTERM),
        ("kill -KILL $$", 128 + signal.SIGKILL),
    ],
)
def test_it_ends_with_the_status_of_its_first_process(
    start: Start, words: str, status: int
) -> None:
    assert start("sh", "-c", words).wait(5) == status


def test_the_line_end_ends_everything_and_keeps_the_folder(start_pid: StartPid, work: Path) -> None:
    process, pid = start_pid(SLEEP)
    tell(process, b"end\n")

    assert process.wait(WAIT_SECONDS) == 128 + signal.SIGTERM
    assert not lives(pid)
    assert work.is_dir()


def test_the_end_of_its_input_ends_everything_and_removes_the_folder(
    start_pid: StartPid, work: Path
) -> None:
    process, pid = start_pid(SLEEP)
    (work / "server.log").write_text("a line", encoding="utf-8")
    hang_up(process)

    assert process.wait(WAIT_SECONDS) == 128 + signal.SIGTERM
    assert not lives(pid)
    assert not work.exists()


def test_a_driver_that_is_killed_takes_everything_with_it(work: Path, note: Path) -> None:
    words = f"echo $$ > {shlex.quote(str(note))}; {SLEEP}"
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER, words, str(work)],
        env={**os.environ, "PYTHONPATH": str(SCRIPTS)},
    )
    try:
        pid = int(noted(note))
    finally:
        driver.kill()
        driver.wait(5)

    assert wait_until(lambda: not lives(pid))
    assert wait_until(lambda: not work.exists())


def test_a_supervisor_does_not_hold_the_input_of_another_open(
    tmp_path: Path, start: Start, start_pid: StartPid
) -> None:
    first, _ = start_pid(SLEEP)
    second = start("sh", "-c", SLEEP)
    hang_up(first)

    assert first.wait(WAIT_SECONDS) == 128 + signal.SIGTERM
    assert second.poll() is None


@pytest.mark.usefixtures("_short_grace")
def test_the_first_process_may_end_in_its_own_way(start_pid: StartPid) -> None:
    process, _ = start_pid("sleep 60 & while :; do wait; done", trap="trap 'exit 5' TERM")
    tell(process, b"end\n")

    assert process.wait(WAIT_SECONDS) == 5


@pytest.mark.usefixtures("_short_grace")
def test_a_process_that_ignores_the_polite_signal_is_killed(start_pid: StartPid) -> None:
    process, pid = start_pid("sleep 60; sleep 60", trap="trap '' TERM")
    tell(process, b"end\n")

    assert process.wait(WAIT_SECONDS) == 128 + signal.SIGKILL
    assert not lives(pid)


@ON_LINUX
@pytest.mark.usefixtures("_short_grace")
def test_a_daemon_in_a_session_of_its_own_is_ended_too(start: Start, note: Path) -> None:
    process = start(sys.executable, "-I", "-S", "-c", DAEMON, str(note), "60")
    pid = int(noted(note))
    assert os.getsid(pid) != os.getsid(process.pid)
    tell(process, b"end\n")

    assert process.wait(WAIT_SECONDS) == 128 + signal.SIGTERM
    assert not lives(pid)


@ON_LINUX
@pytest.mark.usefixtures("_short_grace")
def test_a_daemon_whose_parents_have_ended_is_ended_too(start: Start, note: Path) -> None:
    process = start(sys.executable, "-I", "-S", "-c", DAEMON, str(note), "0")
    pid = int(noted(note))

    assert process.wait(WAIT_SECONDS) == 0
    assert not lives(pid)


@ON_LINUX
@pytest.mark.usefixtures("_short_grace")
def test_a_name_that_is_no_text_keeps_nothing_alive(start: Start, note: Path, work: Path) -> None:
    process = start(sys.executable, "-I", "-S", "-c", NAMELESS, str(note))
    assert noted(note) == "named"
    (pid,) = supervisor.descendants(process.pid)
    tell(process, b"end\n")

    assert process.wait(WAIT_SECONDS) == 128 + signal.SIGKILL
    assert not lives(pid)
    assert (work / "supervisor.log").read_text(encoding="utf-8") == ""


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
    keeper = supervisor.Supervisor(None, tmp_path)
    keeper.first = SimpleNamespace(pid=11)  # type: ignore[assignment]

    assert keeper.send(signal.SIGTERM)
    assert asked == [11, 12, 11]


@ON_LINUX
def test_what_its_descendants_leave_behind_is_not_left_as_a_zombie(start_pid: StartPid) -> None:
    process, pid = start_pid(f"(sleep 0 &) ; {SLEEP}")

    assert wait_until(lambda: supervisor.descendants(process.pid) == [pid])
    assert wait_until(lambda: children_of(process.pid) == [pid])


@ON_LINUX
def test_a_zombie_is_no_descendant_that_is_left() -> None:
    with subprocess.Popen(["true"]) as child:
        stat = Path(f"/proc/{child.pid}/stat")
        assert wait_until(lambda: ") Z " in stat.read_text(encoding="ascii"))

        assert child.pid not in supervisor.descendants(os.getpid())


@ON_LINUX
def test_what_a_supervisor_keeps_that_stands_still_is_killed_before_it(
    start_pid: StartPid, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_group, "STOP_SECONDS", 0.1)
    process, pid = start_pid(SLEEP)
    group = ProcessGroup(process, work, None)
    process.send_signal(signal.SIGSTOP)
    group.ask_to_end()

    assert group.wait() == "its supervisor did not end within 0 s: 1 process was killed, then it"
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


def children_of(pid: int) -> list[int]:
    """Zombies too."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(child) for child in text.split()]


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
