"""The app under test: old syntax, and probes that say what the driver's records expect."""

import ast
import ctypes
import gc
import importlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import tracemalloc
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from lab.engines.protocol import Endpoint
from lab.probes.client import probes_of
from lab.records.codec import decode
from lab.records.observations import Calibration
from lab.units import MIB
from support.paths import ROOT
from support.polling import wait_until

APPS = ROOT / "apps"
SOURCES = sorted(APPS.glob("*.py"))
PYTHONS = ("3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13")
COMPILE = "import sys; [compile(open(p).read(), p, 'exec') for p in sys.argv[1:]]"
ON_LINUX = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux' /proc")
NOTHING = {"memory_bytes": None, "peak_bytes": None, "oom_kills": None}


def interpreter(version: str) -> str | None:
    """A real interpreter of that version: on the path, or one of pyenv's."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    known = (str(path) for path in sorted(root.glob(f"{version}.*/bin/python")))
    return next(known, None) or shutil.which(f"python{version}")


@pytest.fixture(autouse=True)
def _apps_are_importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(APPS))


def app(name: str) -> Any:
    return importlib.import_module(name)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_the_apps_are_in_the_syntax_of_3_7(path: Path) -> None:
    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 7))


@pytest.mark.parametrize("version", PYTHONS)
def test_the_apps_compile_on_each_python(version: str) -> None:
    found = interpreter(version)
    if found is None:
        pytest.skip(f"no Python {version} here")
    words = [found, "-c", COMPILE, *map(str, SOURCES)]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    if "pyenv: " in ended.stderr:
        pytest.skip(f"no Python {version} here")

    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize(("name", "done"), [("lists", 2_000_000), ("hello", 0)])
def test_the_core_suites_workloads(name: str, done: int) -> None:
    assert app("workloads").run(name) == done


RENAMED = "open('/proc/self/comm', 'wb').write(b'caf' + bytes([0xC3])); print(flush=True); input()"


@ON_LINUX
def test_a_name_that_is_no_text_hides_no_process() -> None:
    words = [sys.executable, "-I", "-S", "-c", RENAMED]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"\n"
        record = app("tree").process(child.pid)
        found = app("tree").parent(child.pid)
        child.communicate(b"\n")

    assert (record["pid"], record["name"]) == (child.pid, "caf\ufffd")
    assert found == os.getpid()


@ON_LINUX
def test_the_tree_has_this_process() -> None:
    own = next(each for each in app("tree").read_tree() if each["pid"] == os.getpid())

    assert own["parent_pid"] == os.getppid()
    assert own["threads"] >= 1
    assert own["descriptors"] >= 3
    assert own["rss_bytes"] > MIB
    assert own["rss_bytes"] >= own["pss_bytes"] > 0


@ON_LINUX
def test_threads_and_children_are_counted() -> None:
    tree, leave = app("tree"), threading.Event()
    before = tree.process(os.getpid())["threads"]
    thread = threading.Thread(target=leave.wait)
    thread.start()
    during = tree.process(os.getpid())["threads"]
    leave.set()
    thread.join()

    assert during == before + 1


@ON_LINUX
def test_a_process_that_ended_is_none() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()

    assert app("tree").process(child.pid) is None
    assert app("tree").descriptors(child.pid) is None
    assert app("tree").rollup(child.pid) == {}


@ON_LINUX
def test_a_name_with_spaces_and_brackets_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    tree = app("tree")
    stat = f"7 (a) b (c) S 1 {' '.join(str(n) for n in range(5, 60))}"
    monkeypatch.setattr(tree, "read_text", lambda path: stat if path.endswith("stat") else None)
    found = tree.process(7)

    assert (found["name"], found["parent_pid"]) == ("a) b (c", 1)
    assert found["threads"] == 20
    assert found["started_at_seconds"] == 22 / tree.TICKS


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {
                "memory.current": "900000\n",
                "memory.stat": "anon 5\ninactive_file 100000\nactive_file 7\n",
                "memory.peak": "1048576\n",
                "memory.events": "low 0\noom 2\noom_kill 3\n",
            },
            {"memory_bytes": 800_000, "peak_bytes": MIB, "oom_kills": 3},
        ),
        (
            {
                "memory/memory.usage_in_bytes": "1900000\n",
                "memory/memory.stat": "inactive_file 1\ntotal_inactive_file 200000\n",
                "memory/memory.max_usage_in_bytes": "2097152\n",
                "memory/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n",
            },
            {"memory_bytes": 1_700_000, "peak_bytes": 2 * MIB, "oom_kills": 1},
        ),
        ({}, NOTHING),
        ({"memory.events": "low 0\n"}, NOTHING),
    ],
    ids=["v2", "v1", "nothing", "no-kills"],
)
def test_the_cgroups_peak_and_kills(
    monkeypatch: pytest.MonkeyPatch, files: dict[str, str], expected: dict[str, int | None]
) -> None:
    tree = app("tree")
    monkeypatch.setattr(
        tree, "read_text", lambda path: files.get(path.replace("/sys/fs/cgroup/", ""))
    )

    assert tree.read_cgroup() == expected


@pytest.fixture
def grandchild() -> Iterator[list[int]]:
    """The pids of a real shell, which is this process's child, and of its own child."""
    words = ["sh", "-c", 'sleep 60 & echo "$$ $!"; wait']
    with subprocess.Popen(words, stdout=subprocess.PIPE, start_new_session=True) as shell:
        assert shell.stdout is not None
        try:
            yield [int(pid) for pid in shell.stdout.readline().split()]
        finally:
            os.killpg(shell.pid, signal.SIGKILL)


@ON_LINUX
def test_below_a_supervisor_are_its_descendants_alone(
    grandchild: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    shell, sleeper = grandchild
    monkeypatch.setenv("LAB_SUPERVISOR", str(os.getpid()))
    below_this = app("tree").members()
    monkeypatch.setenv("LAB_SUPERVISOR", str(shell))

    assert {shell, sleeper} <= set(below_this)
    assert {os.getpid(), os.getppid()}.isdisjoint(below_this)
    assert [record["pid"] for record in app("tree").read_tree()] == [sleeper]


def made_up_processes(monkeypatch: pytest.MonkeyPatch, parents: dict[int, int | None]) -> Any:
    """A /proc whose processes have these parents; None: it ended meanwhile."""
    tree = app("tree")
    names = ["self", *map(str, parents), "meminfo"]
    monkeypatch.setattr(tree, "os", SimpleNamespace(listdir=lambda _: names, environ=os.environ))
    monkeypatch.setattr(tree, "parent", parents.__getitem__)
    return tree


@pytest.mark.parametrize("order", [(1, 7, 8, 9, 20), (20, 9, 8, 7, 1), (9, 7, 20, 1, 8)])
def test_descendants_are_found_whatever_the_order(
    monkeypatch: pytest.MonkeyPatch, order: tuple[int, ...]
) -> None:
    parents = {1: 0, 7: 1, 8: 7, 9: 8, 20: 1}
    tree = made_up_processes(monkeypatch, {pid: parents[pid] for pid in order})
    monkeypatch.setenv("LAB_SUPERVISOR", "7")

    assert sorted(tree.members()) == [8, 9]


def test_what_ended_meanwhile_has_no_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    tree = made_up_processes(monkeypatch, {1: 0, 7: 1, 8: 7, 9: None})
    monkeypatch.setenv("LAB_SUPERVISOR", "7")

    assert tree.members() == [8]


def test_in_a_container_every_process_is_a_member(monkeypatch: pytest.MonkeyPatch) -> None:
    tree = made_up_processes(monkeypatch, {1: 0, 7: 1, 8: 0})
    monkeypatch.delenv("LAB_SUPERVISOR", raising=False)

    assert tree.members() == [1, 7, 8]


@ON_LINUX
def test_a_parent_is_read_whatever_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    tree = app("tree")

    assert tree.parent(os.getpid()) == os.getppid()
    monkeypatch.setattr(tree, "read_text", lambda _: "7 (a) S 3 (b) S 5 0 0")
    assert tree.parent(7) == 5
    monkeypatch.setattr(tree, "read_text", lambda _: None)
    assert tree.parent(7) is None


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ("/groups/one", {"memory_bytes": 90, "peak_bytes": 2 * MIB, "oom_kills": 3}),
        ("", NOTHING),
        (None, {"memory_bytes": 20, "peak_bytes": MIB, "oom_kills": 0}),
    ],
    ids=["its-own", "none", "the-containers"],
)
def test_the_cgroup_is_a_variants_own(
    monkeypatch: pytest.MonkeyPatch, own: str | None, expected: dict[str, int | None]
) -> None:
    tree = app("tree")
    files = {
        "/groups/one/memory.current": "100\n",
        "/groups/one/memory.stat": "inactive_file 10\n",
        "/sys/fs/cgroup/memory.current": "30\n",
        "/sys/fs/cgroup/memory.stat": "inactive_file 10\n",
        "/groups/one/memory.peak": "2097152\n",
        "/groups/one/memory.events": "oom_kill 3\n",
        "/sys/fs/cgroup/memory.peak": "1048576\n",
        "/sys/fs/cgroup/memory.events": "oom_kill 0\n",
        "memory.peak": "one of the folder it runs in",
    }
    monkeypatch.setattr(tree, "read_text", files.get)
    monkeypatch.delenv("LAB_CGROUP", raising=False)
    if own is not None:
        monkeypatch.setenv("LAB_CGROUP", own)

    assert tree.read_cgroup() == expected


def test_a_cgroup_of_v1_is_a_folder_of_its_own_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LAB_CGROUP", str(tmp_path))
    (tmp_path / "memory.max_usage_in_bytes").write_text("4096\n")

    assert app("tree").read_cgroup() == {**NOTHING, "peak_bytes": 4096}


@ON_LINUX
def test_a_process_knows_when_it_began_whatever_the_clock_is_set_to() -> None:
    code = "import tree; print(tree.started_at_seconds())"
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(APPS), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )

    # The kernel counts in ticks of a hundredth of a second.
    assert before - 0.1 < float(ended.stdout) < time.clock_gettime(time.CLOCK_BOOTTIME) + 0.1


def test_without_proc_a_process_began_when_it_asked_and_has_no_tree(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tree = app("tree")
    monkeypatch.setattr(tree, "read_text", lambda _: None)
    monkeypatch.setattr(tree, "members", lambda: pytest.fail("there is nothing to list"))
    before = time.time()

    assert before <= tree.started_at_seconds() <= time.time()
    assert tree.read_tree() == []
    assert tree.read_cgroup() == NOTHING


def has_glibc() -> bool:
    return hasattr(ctypes.CDLL(None), "malloc_info")


@pytest.mark.skipif(not has_glibc(), reason="needs glibc")
def test_malloc_bytes_and_arenas_are_read() -> None:
    allocator = app("allocator")
    before = allocator.malloc_bytes()
    held = [b"x" * 100_000 for _ in range(200)]
    after = allocator.malloc_bytes()

    assert after["in_use_bytes"] - before["in_use_bytes"] > 10_000_000
    assert all(size >= 0 for size in after.values())
    assert allocator.arenas() >= 1
    assert allocator.trim() in (True, False)
    del held


@pytest.mark.skipif(not has_glibc(), reason="needs glibc")
def test_small_objects_are_counted_by_pythons_allocator_to_the_byte() -> None:
    allocator = app("allocator")
    gc.collect()  # what tests before it left would be freed in between
    before = allocator.python_memory()
    held = [bytes(64 - sys.getsizeof(b"") + 15) for _ in range(10_000)]  # 79 bytes: blocks of 80
    after = allocator.python_memory()
    del held

    gained = after["python_in_use_bytes"] - before["python_in_use_bytes"]
    assert 800_000 <= gained < 840_000
    assert after["python_free_bytes"] >= 0


def test_an_interpreter_without_such_a_report_has_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    allocator = app("allocator")
    gap = {"python_in_use_bytes": None, "python_free_bytes": None}

    monkeypatch.setattr(allocator, "report_of", lambda _: b"")
    assert allocator.python_memory() == gap
    monkeypatch.setattr(allocator.ctypes, "pythonapi", object())
    assert allocator.python_memory() == gap


def test_without_glibc_malloc_bytes_are_gaps(monkeypatch: pytest.MonkeyPatch) -> None:
    allocator = app("allocator")
    monkeypatch.setattr(allocator, "libc", object())

    assert allocator.malloc_bytes() == {
        "in_use_bytes": None,
        "free_bytes": None,
        "mmapped_bytes": None,
    }
    assert allocator.arenas() is None
    assert allocator.trim() is None


@ON_LINUX
@pytest.mark.parametrize("workload", ["hello", "lists", "cycles"])
def test_the_calibration_is_one_record(workload: str) -> None:
    ended = subprocess.run(
        [sys.executable, str(APPS / "calibrate.py"), workload],
        env={**os.environ, "MALLOC_ARENA_MAX": "128", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    found = decode(Calibration, json.loads(ended.stdout))

    assert found.arena_limit == 128
    assert found.cpu_count == os.cpu_count()
    if workload == "hello":
        assert found.thread_retained_bytes < MIB
        assert found.request_bytes < MIB
    else:
        assert found.request_bytes > 14 * MIB


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
