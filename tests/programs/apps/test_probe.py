"""The server of a probe: where it listens, what it answers, what it ends."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import tracemalloc
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lab.engines.protocol import Endpoint
from lab.probes.client import probes_of
from lab.records.observations import Calibration
from lab.units import MIB
from support.imported_apps import APPS, ON_LINUX, app
from support.polling import wait_until

pytestmark = pytest.mark.usefixtures("importable_apps")
LISTENS = """
import socket, time
with socket.create_server(("127.0.0.1", 0)) as server:
    print(server.getsockname()[1], flush=True)
    time.sleep(60)
"""


@ON_LINUX
def test_what_a_server_beside_it_listens_on_is_not_the_variants(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = ["sh", "-c", f"{sys.executable} -c '{LISTENS}' & wait"]
    with (
        socket.create_server(("127.0.0.1", 0)) as other,
        subprocess.Popen(words, stdout=subprocess.PIPE, text=True, start_new_session=True) as shell,
    ):
        assert shell.stdout is not None
        own, others = int(shell.stdout.readline()), other.getsockname()[1]
        monkeypatch.setenv("LAB_SUPERVISOR", str(shell.pid))
        heard = app("inside").listening()
        os.killpg(shell.pid, signal.SIGKILL)
    assert heard == [f"0100007F:{own:04X}"]
    assert f"0100007F:{others:04X}" not in heard


@pytest.fixture
def listening() -> Iterator[list[int]]:
    """Ports of two workers' listeners, the second of which finds the first port taken."""
    probe = app("probe")
    first = probe.bind("127.0.0.1", free_pair())
    second = probe.bind("127.0.0.1", first.server_port)
    threads = [
        threading.Thread(target=each.serve_forever, args=(0.01,)) for each in (first, second)
    ]
    for thread in threads:
        thread.start()
    yield [first.server_port, second.server_port]
    for each, thread in zip((first, second), threads, strict=True):
        each.shutdown()
        thread.join()
        each.server_close()


def free_pair() -> int:
    probe = app("probe")
    with probe.ProbeServer(("127.0.0.1", 0), probe.ProbeHandler) as free:
        return int(free.server_port)


def get(port: int, path: str) -> Any:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
        return json.load(answer)


def test_two_workers_get_two_ports(listening: list[int]) -> None:
    first, second = listening

    assert second > first


@ON_LINUX
@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("/_lab/health", {"pid"}),
        ("/_lab/tree", {"processes", "memory_bytes", "peak_bytes", "oom_kills"}),
        (
            "/_lab/worker",
            {"pid", "started_at_seconds", "in_use_bytes", "free_bytes", "mmapped_bytes"}
            | {"arenas", "allocated_blocks", "gc_counts"}
            | {"python_in_use_bytes", "python_free_bytes"},
        ),
        (
            "/_lab/reading",
            {"processes", "memory_bytes", "peak_bytes", "oom_kills", "worker"},
        ),
        ("/_lab/environment", {"python", "libc", "cpu_count", "packages"}),
        ("/_lab/collect", {"collected"}),
        ("/_lab/trim", {"trimmed"}),
    ],
)
def test_a_probe_answers(listening: list[int], path: str, keys: set[str]) -> None:
    assert get(listening[0], path).keys() == keys


def test_another_path_is_no_probe(listening: list[int]) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(listening[0], "/_lab/secrets")

    assert refused.value.code == 404
    refused.value.close()


MASTER = """
import subprocess, sys, time
code = "import probe, time; probe.start(); time.sleep(60)"
worker = subprocess.Popen([sys.executable, "-c", code])
print(worker.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def master() -> Iterator[tuple[int, "subprocess.Popen[str]"]]:
    """A process that has a worker, and the port of the worker's probe."""
    port = free_pair()
    environment = {**os.environ, "LAB_PROBE_PORT": str(port), "LAB_PROBE_HOST": "127.0.0.1"}
    environment.update(PYTHONPATH=str(APPS), PYTHONDONTWRITEBYTECODE="1", LAB_PROBES="1")
    words = [sys.executable, "-c", MASTER]
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        worker = int(started.stdout.readline())
        try:
            yield port, started
        finally:
            started.kill()
            os.kill(worker, signal.SIGKILL)


def answer_by(deadline_seconds: float, port: int, path: str) -> Any:
    return wait_until(lambda: get(port, path), deadline_seconds, transient=(urllib.error.URLError,))


@ON_LINUX
def test_a_master_is_killed_and_its_worker_lives_on(
    master: tuple[int, "subprocess.Popen[str]"],
) -> None:
    port, process = master
    worker = answer_by(10, port, "/_lab/health")["pid"]

    assert get(port, "/_lab/kill-master") == {"master_pid": process.pid}
    assert process.wait(10) == -signal.SIGKILL
    assert get(port, "/_lab/health") == {"pid": worker}


@pytest.mark.parametrize("first", ["PID 1", "LAB_SUPERVISOR", "LAB_ENTRY"])
def test_what_all_end_with_is_not_killed(
    listening: list[int], monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    pid, probe = 1 if first == "PID 1" else 4711, app("probe")
    monkeypatch.setattr(probe.os, "getppid", lambda: pid)
    monkeypatch.setattr(probe.os, "kill", lambda *_: pytest.fail("nothing may be killed"))
    if first != "PID 1":
        monkeypatch.setenv(first, str(pid))

    with pytest.raises(urllib.error.HTTPError) as refused:
        get(listening[0], "/_lab/kill-master")

    assert refused.value.code == 409
    assert "no master" in json.load(refused.value)["error"]
    refused.value.close()


@ON_LINUX
def test_the_answers_are_the_drivers_records(
    listening: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "calibration.json"
    monkeypatch.setenv("LAB_CALIBRATION", str(kept))
    client = probes_of(Endpoint("127.0.0.1", listening[0], listening[0]), 1, None)

    assert client.calibration() is None
    kept.write_text(
        '{"thread_kept_bytes": 1, "loop_kept_bytes": 2, "request_bytes": 3, '
        '"arena_limit": null, "cpu_count": 4}',
        encoding="utf-8",
    )
    reading, environment = client.reading(), client.environment()

    assert client.calibration() == Calibration(1, 2, 3, None, 4)
    assert reading is not None
    assert [worker.pid for worker in reading.workers] == [os.getpid()]
    assert os.getpid() in [process.pid for process in reading.processes]
    assert environment is not None
    assert environment.packages["pytest"] == pytest.__version__
    assert client.all_answer()


def test_probes_that_are_switched_off_start_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_PROBES", "0")
    before = threading.active_count()
    app("probe").start()

    assert threading.active_count() == before


def test_a_started_probe_is_a_daemon_on_its_own_port(monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import json, os, threading, probe; probe.start();"
        "print([t.daemon for t in threading.enumerate() if t.name == 'lab-probe'])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={
            **os.environ,
            "PYTHONPATH": str(APPS),
            "PYTHONDONTWRITEBYTECODE": "1",
            "LAB_PROBE_HOST": "127.0.0.1",
            "LAB_PROBE_PORT": str(free_pair()),
            "LAB_PROBES": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ended.returncode, ended.stdout) == (0, "[True]\n")


def test_the_sockets_of_a_busy_machine_are_read_in_little_memory(tmp_path: Path) -> None:
    row = "  %d: 0100007F:1F90 00000000:0000 %s 00000000:00000000 00:00000000 00000000 0 0 %d 1\n"
    lines = [row % (each, "06", 0) for each in range(30_000)]
    lines[7] = row % (7, "0A", 4711)
    (tmp_path / "tcp").write_text("  sl  local_address\n" + "".join(lines))
    tree = app("tree")
    tracemalloc.start()
    try:
        found = [each[9] for each in tree.sockets(str(tmp_path)) if each[3] == "0A"]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert found == ["4711"]
    assert peak < MIB / 4
