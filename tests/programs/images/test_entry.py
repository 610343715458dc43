"""The first process of a variant tells how its server ended."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from support.paths import ROOT
from support.polling import wait_until

ROUNDS = 80
"""All deaths of the test: one of ten had the wrong status; by chance none has it once in 4,000."""
RUNS = 4
STEP_SECONDS = 5e-7
"""The moments after a death that the rounds try, one after the other."""
WAITING_SECONDS = 0.01
"""After its server's first word an entry waits for its end."""


def started(folder: Path, command: str, first: str = ":") -> tuple[subprocess.Popen[bytes], int]:
    """Its entry, and the process ID of its server, which has done what comes first."""
    environment = {
        "PATH": os.environ["PATH"],
        "LAB_LOG": str(folder / "server.log"),
        "LAB_WORK": str(folder),
        "LAB_APPS": str(ROOT / "apps"),
        "LAB_PROBES": "0",
        "LAB_LIFECYCLE": "driver",
        "HOST_CPUS": "host",
    }
    written = folder / "pid"
    script = f'{first}; echo $$ > "{written}.new"; mv "{written}.new" "{written}"; {command}'
    entry = subprocess.Popen(
        ["sh", str(ROOT / "images" / "entry"), "sh", "-c", script],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert wait_until(written.exists, step_seconds=0.002)
    return entry, int(written.read_text())


def status_written(folder: Path) -> int:
    return int((folder / "server.exit").read_text())


def test_a_server_that_ends_is_told_by_its_status(tmp_path: Path) -> None:
    entry, _ = started(tmp_path, "exit 7")
    assert entry.wait(30) == 7
    assert status_written(tmp_path) == 7
    assert "ended with status 7" in (tmp_path / "server.log").read_text()


def test_a_server_that_is_asked_to_end_may_take_its_time(tmp_path: Path) -> None:
    entry, _ = started(tmp_path, "while :; do sleep 0.05; done", 'trap "sleep 0.3; exit 3" TERM')
    entry.terminate()
    assert entry.wait(30) == 3
    assert status_written(tmp_path) == 3


@pytest.mark.parametrize("run", range(RUNS))
def test_a_server_killed_just_before_its_entry_is_asked_to_end_was_killed(
    tmp_path: Path, run: int
) -> None:
    for number in range(run, ROUNDS, RUNS):
        folder = tmp_path / str(number)
        folder.mkdir()
        entry, server = started(folder, "exec sleep 100")
        time.sleep(WAITING_SECONDS)
        os.kill(server, signal.SIGKILL)
        at = time.perf_counter() + number * STEP_SECONDS
        while time.perf_counter() < at:
            pass
        os.kill(entry.pid, signal.SIGTERM)
        assert entry.wait(30) == 128 + signal.SIGKILL, f"round {number}"


def test_its_own_signal_reaches_the_server(tmp_path: Path) -> None:
    entry, _ = started(tmp_path, "exec sleep 100")
    entry.terminate()
    assert entry.wait(30) == 128 + signal.SIGTERM


def test_a_log_ends_at_its_limit_and_the_server_goes_on(tmp_path: Path) -> None:
    entry, _ = started(tmp_path, "head -c 80000000 /dev/zero; exit 5")

    assert entry.wait(30) == 5
    assert (tmp_path / "server.log").stat().st_size < 65 * 2**20
