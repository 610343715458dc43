"""The probe that comes into an app from outside, in real interpreters."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from lab.engines.process.ports import Ports
from lab.engines.protocol import Endpoint
from lab.load.request import Request
from lab.load.request_mix import UserApp, WeightedRequest
from lab.probes.channels import NoChannel, ProcessStatus, SocketChannel, serving
from lab.probes.client import ProbeClient, probes_of
from support.paths import ROOT
from support.polling import wait_until

USER_APP = UserApp((WeightedRequest(Request("/")),))
BARE = UserApp((WeightedRequest(None),))
DEADLINE_SECONDS = 20.0
LISTEN = """
import os, socket, sys, time
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("127.0.0.1", int(os.environ["PORT"])))
server.listen(5)
"""
WAIT = "time.sleep(60)\n"
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@contextmanager
def running(program: str, sockets: Path, **environment: str) -> Iterator[SocketChannel]:
    port = Ports().take(1)
    given = {
        **os.environ,
        "PORT": str(port),
        "PYTHONPATH": str(ROOT / "apps" / "outside"),
        "LAB_PROBE_SOCKETS": str(sockets),
        **environment,
    }
    child = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", LISTEN + textwrap.dedent(program)],
        env=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield SocketChannel(Endpoint("127.0.0.1", port, 0), 1, USER_APP, sockets)
    finally:
        os.killpg(child.pid, 9)
        child.communicate()


def wait_for(probes: SocketChannel, count: int) -> None:
    """Until so many processes answer that they listen."""
    assert wait_until(
        lambda: sum(each.listens for each in probes.processes()) >= count, DEADLINE_SECONDS
    )


@linux
def test_one_process_is_the_worker_and_reads_its_allocator(sockets: Path) -> None:
    with running(WAIT, sockets) as probes:
        wait_for(probes, 1)
        assert probes.all_answer()
        reading = ProbeClient(probes).reading()
        environment = ProbeClient(probes).environment()

    assert reading is not None
    (worker,) = reading.workers
    assert worker.allocated_blocks is not None
    assert worker.allocated_blocks > 1000
    assert worker.sockets == 2 + 1  # the app's, the probe's, and the one that asks
    assert environment is not None
    assert environment.python == sys.version.split()[0]


@linux
def test_a_question_before_the_app_imports_threading_leaves_it_its_main_thread(
    sockets: Path, tmp_path: Path
) -> None:
    asked, note = tmp_path / "asked", tmp_path / "note"
    program = f"""
    while not os.path.exists({str(asked)!r}):
        time.sleep(0.01)
    import threading
    with open({str(note)!r}, "w") as file:
        file.write(threading.current_thread().name + "\\n")
    time.sleep(60)
    """
    with running(program, sockets) as probes:
        wait_for(probes, 1)
        assert ProbeClient(probes).workers()
        asked.write_text("")
        assert wait_until(lambda: note.exists() and note.read_text().endswith("\n"))

    assert note.read_text() == "MainThread\n"


@linux
def test_lines_that_allocate_are_traced_alone(sockets: Path) -> None:
    program = """
    kept = []
    while True:
        kept.append(bytearray(100_000))
        time.sleep(0.01)
    """
    with running(program, sockets) as probes:
        wait_for(probes, 1)
        client = ProbeClient(probes)
        assert client.trace_lines()
        first = client.workers()[0].allocated_blocks or 0
        assert wait_until(lambda: (client.workers()[0].allocated_blocks or 0) > first + 5)
        trace = client.traced_lines(1)
        asked_again = client.traced_lines(1)

    assert trace is not None
    assert asked_again == trace  # an answer that came too late is asked for again
    assert trace.search is None
    assert trace.lines[0].bytes >= 100_000
    assert trace.lines[0].frames[0].startswith("<string>:")


@linux
def test_a_path_too_long_for_a_socket_is_no_hindrance(sockets: Path) -> None:
    deep = sockets / ("x" * 120)
    deep.mkdir()
    with running(WAIT, deep) as probes:
        wait_for(probes, 1)
        assert len(list(probes.answers("/_lab/worker"))) == 1


@linux
def test_a_reading_has_every_worker_and_the_tree_once(sockets: Path) -> None:
    program = """
    for _ in range(2):
        if not os.fork():
            break
    time.sleep(60)
    """
    with running(program, sockets) as probes:
        wait_for(probes, 3)
        probes.workers = 2
        assert probes.all_answer()
        masters = probes.masters
        reading = ProbeClient(probes).reading()

    assert reading is not None
    assert masters is not None
    assert len({worker.pid for worker in reading.workers}) == 2
    assert {worker.pid for worker in reading.workers}.isdisjoint(masters)
    assert all(worker.sockets for worker in reading.workers)
    assert {worker.pid for worker in reading.workers} <= {p.pid for p in reading.processes}


@linux
def test_after_a_fork_the_child_is_the_worker_and_the_master_is_none(sockets: Path) -> None:
    program = """
    threads = len(os.listdir("/proc/self/task"))
    child = os.fork()
    if child:
        os.environ["LAB_X"] = str(threads)
    time.sleep(60)
    """
    with running(program, sockets) as probes:
        wait_for(probes, 2)
        told = probes.processes()
        assert probes.all_answer()
        workers = list(probes.answers("/_lab/worker"))

    masters = {each.parent_pid for each in told}
    assert len(told) == 2
    assert [each["pid"] in masters for each in workers] == [False]


@linux
def test_the_apps_own_modules_are_not_the_labs(sockets: Path, tmp_path: Path) -> None:
    for name in ("tree", "probe", "inside", "allocator", "reach", "paths", "holders"):
        (tmp_path / f"{name}.py").write_text(f"MINE = {name!r}\n", encoding="utf-8")
    program = f"sys.path.insert(0, {str(tmp_path)!r})\n" + (
        "import tree, probe, inside, allocator\n"
        "assert [m.MINE for m in (tree, probe, inside)] == ['tree', 'probe', 'inside']\n" + WAIT
    )
    with running(program, sockets) as probes:
        wait_for(probes, 1)
        assert len(list(probes.answers("/_lab/worker"))) == 1


@linux
def test_traced_lines_are_the_apps_and_name_where_it_keeps(sockets: Path, tmp_path: Path) -> None:
    (tmp_path / "keeper.py").write_text(
        "KEPT = []\ndef keep():\n    KEPT.append(bytearray(300_000))\n", encoding="utf-8"
    )
    program = f"sys.path.insert(0, {str(tmp_path)!r})\n" + (
        "import keeper\n"
        "while True:\n    connected = server.accept()[0]\n    keeper.keep()\n"
        "    connected.close()\n"
    )
    with running(program, sockets) as probes:
        wait_for(probes, 1)
        assert ProbeClient(probes).trace()
        with ExitStack() as stack:
            import socket

            for _ in range(10):
                address = (probes.endpoint.host, probes.endpoint.port)
                called = stack.enter_context(socket.create_connection(address))
                called.recv(1)
        found = ProbeClient(probes).traced(10)

    assert found is not None
    assert found.lines[0].frames[0] == f"{tmp_path}/keeper.py:3"
    assert found.lines[0].bytes >= 9 * 300_000
    assert found.allocated_bytes < 20 * 300_000


def test_the_sitecustomize_that_is_hidden_runs_all_the_same(sockets: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.chained = True\n")
    paths = f"{ROOT}/apps/outside:{tmp_path}"
    done = subprocess.run(
        [sys.executable, "-c", "import sys; print(sys.chained)"],
        env={**os.environ, "PYTHONPATH": paths, "LAB_PROBE_SOCKETS": str(sockets)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == ("True", "")


@pytest.mark.parametrize("folder", ["", "/nowhere/at/all"])
def test_without_a_folder_for_sockets_the_app_runs_without_a_probe(folder: str) -> None:
    count = "import os; print(len(os.listdir('/proc/self/task')))"
    done = subprocess.run(
        [sys.executable, "-c", count],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT / "apps" / "outside"),
            "LAB_PROBE_SOCKETS": folder,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == ("1", "")


def process(pid: int, parent_pid: int, listens: bool = True) -> ProcessStatus:
    return ProcessStatus(pid, parent_pid, listens)


@pytest.mark.parametrize(
    ("processes", "masters", "pids"),
    [
        ([process(5, 1)], None, [5]),
        ([process(5, 1), process(6, 5), process(7, 5)], None, [6, 7]),
        ([process(5, 1), process(8, 5, listens=False)], None, [5]),
        ([process(5, 1), process(6, 5), process(9, 6)], frozenset({5}), [6]),
        ([process(5, 1, listens=False)], None, [5]),
        ([process(5, 1), process(11, 5)], frozenset({5}), [11]),
    ],
)
def test_who_serves(
    processes: list[ProcessStatus], masters: frozenset[int] | None, pids: list[int]
) -> None:
    assert [each.pid for each in serving(processes, masters)] == pids


def test_an_app_without_probes_is_asked_from_without_alone(sockets: Path) -> None:
    probes = probes_of(Endpoint("127.0.0.1", 1, 1), 1, USER_APP)

    assert isinstance(probes.channel, NoChannel)
    assert probes.all_answer()
    assert not probes.server_answers()
    assert (probes.reading(), probes.tree(), probes.traced(1)) == (None, None, None)


@linux
def test_what_speaks_no_http_is_ready_when_it_takes_a_call(sockets: Path) -> None:
    with running(WAIT, sockets) as probes:
        wait_for(probes, 1)
        endpoint = probes.endpoint
        assert NoChannel(endpoint, BARE).server_answers()


def test_a_stale_socket_is_no_process(sockets: Path) -> None:
    (sockets / "7.sock").write_text("")
    probes = SocketChannel(Endpoint("127.0.0.1", 1, 1), 1, USER_APP, sockets)
    assert probes.processes() == {}
    assert ProbeClient(probes).tree() is None
