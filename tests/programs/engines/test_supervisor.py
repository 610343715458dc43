"""The supervisor, run as the engine runs it."""

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from lab.engines.process import supervisor as supervisor
from support.paths import ROOT
from support.polling import wait_until
from support.supervised import WAIT_SECONDS, Start, StartPid, hang_up, lives, noted

SCRIPTS = ROOT / "scripts"
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets orphans be adopted")
SLEEP = "exec sleep 60"
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


def tell(process: "subprocess.Popen[bytes]", line: bytes) -> None:
    assert process.stdin is not None
    process.stdin.write(line)
    process.stdin.flush()


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


def children_of(pid: int) -> list[int]:
    """Zombies too."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(child) for child in text.split()]


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
