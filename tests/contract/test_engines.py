"""The engines that need no Docker keep the contract; the other is in tests/integration."""

import json
import os
import re
import signal
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.engines.process.cpus import CpuWay, ShownCpus, show
from lab.engines.process.engine import ProcessEngine
from lab.engines.process.environments import Installed
from lab.engines.process.launch_plan import VariantSources
from lab.engines.process.process_group import SamplingPace
from lab.engines.process.process_tree import LinuxTrees
from lab.engines.written_files import WRITE_LIMITS, WriteLimits
from lab.matrix.variants import read_matrix
from lab.units import MIB
from support.engine_contract import EngineCase, EngineContract
from support.paths import ROOT
from support.polling import wait_until
from support.script import Script
from support.scripted_engine import ScriptedEngine

PACE = SamplingPace(reading_seconds=0.05, guard_seconds=0.05)
SERVER = """
import socket, sys
with socket.create_server((sys.argv[1], int(sys.argv[2]))) as listener:
    print("Serving HTTP", flush=True)
    while True:
        asked, _ = listener.accept()
        with asked:
            asked.recv(4096)
            asked.sendall(b"HTTP/1.0 200 OK\\r\\n\\r\\n")
"""
"""It begins in a third of the time of `http.server`, and most tests here wait for it."""
COMPOSE = """
services:
  py310-files:
    image: files
    command: [python3, -I, -S, -c, SERVER, "${LAB_HOST:-0.0.0.0}", "${LAB_PORT:-8000}"]
    mem_limit: 256m
    environment: {LAB_WORKLOAD: lists, LAB_PROBES: "0", HOST_CPUS: "4", SAID: "${SAID:-nothing}"}
    labels: &labels
      lab.suite: core
      lab.python: "3.10"
      lab.stack: thread
      lab.framework: files
      lab.server: http.server
      lab.endpoint: sync
      lab.workload: lists
      lab.workers: 1
      lab.host_cpus: 4
  py310-orphans:
    image: files
    command: [sh, -c, 'python3 -S -c "$$0" "$$@" & wait', SERVER, "${LAB_HOST:-0}", "${LAB_PORT}"]
    mem_limit: 256m
    environment: {LAB_WORKLOAD: lists, LAB_PROBES: "0", LAB_LIFECYCLE: compose}
    labels: *labels
  py310-writer:
    image: files
    command: ["python3", "-c", "import time; open('x', 'wb').write(bytes(3 << 20)); time.sleep(60)"]
    mem_limit: 256m
    environment: {LAB_WORKLOAD: lists, LAB_PROBES: "0", LAB_FOLDER: "${LAB_SOCKETS_AT:-/}/.."}
    labels: *labels
  py310-stranger:
    image: never-built
    command: "true"
    mem_limit: 256m
    environment: {LAB_WORKLOAD: lists}
    labels: *labels
""".replace("SERVER", json.dumps(SERVER))


class TestScripted(EngineContract):
    @pytest.fixture
    def case(self, tmp_path: Path) -> Iterator[EngineCase]:
        known, stranger = variants(tmp_path)
        scripts = {known.name: Script((MIB,), log=("it is up", "it is asked"))}
        with ScriptedEngine(scripts, 0.01) as engine:
            yield EngineCase(
                engine,
                known,
                stranger,
                lambda: engine.running[known.name].end(),
                "it is up",
                silence_seconds=0.15,
            )


def variants(folder: Path):  # type: ignore[no-untyped-def]
    known, _, _, stranger = all_variants(folder)
    return known, stranger


def all_variants(folder: Path):  # type: ignore[no-untyped-def]
    path = folder / "compose.yaml"
    path.write_text(COMPOSE)
    return read_matrix(path, {})


def process_engine(
    folder: Path,
    shown: ShownCpus | None = None,
    write_limits: WriteLimits = WRITE_LIMITS,
    **values: str,
) -> ProcessEngine:
    installed = {"files": Installed(Path(sys.executable), "CPython of the tests")}
    sources = VariantSources(folder / "compose.yaml", values, ROOT, installed)
    return ProcessEngine(sources, shown or ShownCpus(CpuWay.AS_IT_IS), 4, PACE, write_limits)


def test_a_variant_that_fills_its_folder_is_ended_and_told(tmp_path: Path) -> None:
    _, _, variant, _ = all_variants(tmp_path)
    limits = WriteLimits(most_bytes=MIB, least_free_bytes=0, pace_seconds=0.02)
    engine = process_engine(tmp_path, write_limits=limits)
    try:
        engine.start(variant)
        assert wait_until(lambda: not engine.state(variant).running)
        state = engine.state(variant)
    finally:
        engine.stop(variant)
    # It may be seen while it still writes.
    assert re.match(r"the lab ended it: .* [1-3]\.\d\d MiB in \d files", state.reason)
    assert re.search(r"/x with [1-3]\.\d\d MiB; at most .* 1\.00 MiB", state.reason)
    assert not state.at_limit
    assert engine.state(variant) == state


class TestProcess(EngineContract):
    @pytest.fixture
    def case(self, tmp_path: Path) -> Iterator[EngineCase]:
        variant, stranger = variants(tmp_path)
        engine = process_engine(tmp_path)
        yield EngineCase(
            engine, variant, stranger, lambda: kill_python(engine), "Serving HTTP", 0.25
        )
        engine.stop(variant)

    def test_its_server_answers_on_loopback(self, case: EngineCase) -> None:
        endpoint = case.started()
        with urllib.request.urlopen(f"http://{endpoint.host}:{endpoint.port}/") as answer:
            assert answer.status == 200

    def test_a_killed_server_is_told_by_its_status(self, case: EngineCase) -> None:
        case.started()
        case.kill_server()
        case.engine.stop(case.variant)
        assert "status 137" in case.engine.state(case.variant).reason

    def test_nothing_of_a_stopped_variant_stays(self, case: EngineCase) -> None:
        engine = case.engine
        assert isinstance(engine, ProcessEngine)
        case.started()
        running = engine.running[case.variant.name]
        assert LinuxTrees().read(running.process.pid) is not None
        engine.stop(case.variant)
        assert LinuxTrees().read(running.process.pid) is None
        assert not running.work.exists()
        assert running.group is None or not running.group.path.exists()


def test_a_worker_outlives_its_master_below_the_supervisor_where_its_service_says_so(
    tmp_path: Path,
) -> None:
    _, variant, _, _ = all_variants(tmp_path)
    engine, readings = process_engine(tmp_path), []
    try:
        endpoint = engine.start(variant)
        url = f"http://{endpoint.host}:{endpoint.port}/"
        assert wait_until(lambda: answers(url))
        sampling = engine.sample(variant, readings.append)
        sampling.resume()
        worker = LinuxTrees().stat(server_pid(engine))
        assert worker is not None
        os.kill(worker.parent_pid, signal.SIGKILL)
        assert wait_until(lambda: not engine.state(variant).running)
        count = len(readings)
        assert wait_until(lambda: len(readings) > count + 1)
        sampling.stop()
        assert "status 137" in engine.state(variant).reason
        assert readings[-1] is not None
        assert answers(url)
    finally:
        engine.stop(variant)
    assert not answers(url)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def server_pid(engine: ProcessEngine) -> int:
    (running,) = engine.running.values()
    trees = LinuxTrees()
    members = (pid for pid, _ in trees.members(running.process.pid))
    return next(pid for pid in members if trees.text(pid, "comm").startswith("python"))


def kill_python(engine: ProcessEngine) -> None:
    os.kill(server_pid(engine), signal.SIGKILL)


def environment_of_server(engine: ProcessEngine) -> dict[str, str]:
    lines = LinuxTrees().text(server_pid(engine), "environ").split("\0")
    return dict(line.partition("=")[::2] for line in lines if line)


def test_a_service_gets_its_own_environment_and_the_settings(tmp_path: Path) -> None:
    known, stranger = variants(tmp_path)
    engine = process_engine(tmp_path, show(4, ROOT / "images", ROOT / "apps"), SAID="hello")
    case = EngineCase(engine, known, stranger, lambda: None, "Serving HTTP")
    try:
        case.started()
        found = environment_of_server(engine)
        assert found["SAID"] == "hello"
        assert found["MALLOC_ARENA_MAX"] == "32"
        assert found["LAB_LIFECYCLE"] == "driver"
        assert "VIRTUAL_ENV" not in found
    finally:
        engine.stop(known)
