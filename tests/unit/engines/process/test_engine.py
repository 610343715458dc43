"""The engine of local processes, as far as it needs no process: see also tests/contract."""

import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import raw
from lab.clock import now_seconds
from lab.engines.process import engine as process_engine
from lab.engines.process.app_servers import Template
from lab.engines.process.cgroups import V2, Cgroup
from lab.engines.process.cpus import CpuWay, ShownCpus
from lab.engines.process.engine import Means, ProcessEngine
from lab.engines.process.environments import Installed
from lab.engines.process.launch_plan import LaunchPlan, VariantSources
from lab.engines.process.process_group import (
    ProcessGroup,
    SamplingPace,
    TreeSampling,
    end_supervisor,
)
from lab.engines.process.process_tree import TreeReading
from lab.errors import LabError, VariantError
from lab.records.observations import Sample
from lab.units import MIB
from support.polling import wait_until

ONE = raw.variant("one")
COMPOSE = """
services:
  one:
    image: memlab-one-thread
    command: serve --bind ${LAB_HOST:-0.0.0.0}:${LAB_PORT:-8000} --tmp ${LAB_SHM:-/dev/shm}
    environment:
      LAB_WORKLOAD: lists
      HOST_CPUS: ${HOST_CPUS:-16}
      LAB_LIFECYCLE: ${LAB_LIFECYCLE:-compose}
"""


class FakeCgroups:
    """Groups that are plain folders, where a parent is given."""

    version = "none"
    refusal = "it is refused"
    parent: Path | None = None

    def make(self, name: str, limit_bytes: int) -> Cgroup | None:
        if self.parent is None:
            return None
        group = Cgroup(self.parent / name, V2)
        group.path.mkdir()
        return group


WITHOUT_CGROUPS = Means(cgroups=FakeCgroups)


def make_engine(
    folder: Path,
    shown: ShownCpus | None = None,
    shared_memory: Path = Path("/dev/shm"),
    means: Means = WITHOUT_CGROUPS,
    **values: str,
) -> ProcessEngine:
    (folder / "compose.yaml").write_text(COMPOSE, encoding="utf-8")
    installed = {ONE.image: Installed(folder / "env/bin/python3", "CPython 3.7.17 of a test")}
    file = folder / "compose.yaml"
    sources = VariantSources(file, values, folder, installed, shared_memory=shared_memory)
    return ProcessEngine(sources, shown or ShownCpus(CpuWay.AS_IT_IS), 16, means=means)


@pytest.fixture
def engine(tmp_path: Path) -> ProcessEngine:
    return make_engine(tmp_path)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the work folders are made."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def plan_of(engine: ProcessEngine, work: Path = Path("/trial")) -> LaunchPlan:
    (installed,) = engine.sources.installed.values()
    return LaunchPlan(engine.sources, ONE, installed, work, 15_001, 15_002)


def environment(engine: ProcessEngine, group: Cgroup | None = None) -> Mapping[str, str]:
    return plan_of(engine).environment(engine.shown_to(ONE), group)


def test_a_variant_is_given_its_folders(engine: ProcessEngine, tmp_path: Path) -> None:
    given = environment(engine)

    assert given["HOME"] == given["TMPDIR"] == given["LAB_WORK"] == "/trial"
    assert given["LAB_LOG"] == "/trial/server.log"
    assert given["LAB_APPS"] == str(tmp_path / "apps")
    assert (given["LAB_PROBE_HOST"], given["LAB_PROBE_PORT"]) == ("127.0.0.1", "15002")


def test_a_variants_own_interpreter_comes_first(engine: ProcessEngine, tmp_path: Path) -> None:
    first, *others = environment(engine)["PATH"].split(os.pathsep)

    assert first == str(tmp_path / "env/bin")
    assert others == os.environ["PATH"].split(os.pathsep)


def test_a_variant_gets_nothing_of_the_callers_environment(
    engine: ProcessEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = environment(engine)
    for name in ("PYTHONPATH", "VIRTUAL_ENV", "MALLOC_ARENA_MAX", "HTTP_PROXY", "LD_PRELOAD"):
        monkeypatch.setenv(name, "the caller's")

    assert environment(engine) == before


def test_a_variant_gets_its_services_environment(tmp_path: Path) -> None:
    given = environment(make_engine(tmp_path, HOST_CPUS="40"))

    assert (given["LAB_WORKLOAD"], given["HOST_CPUS"]) == ("lists", "40")


def test_what_the_driver_decides_no_service_changes(tmp_path: Path) -> None:
    given = environment(make_engine(tmp_path, LAB_LIFECYCLE="compose"))

    assert given["LAB_LIFECYCLE"] == "driver"


def test_a_shim_is_in_the_environment(tmp_path: Path) -> None:
    shim = {"PYTHONPATH": "/apps/shim", "LAB_SHOWN_CPUS": "16"}
    given = environment(make_engine(tmp_path, ShownCpus(CpuWay.SHIM, (), shim)))

    assert {name: given[name] for name in shim} == shim


def test_a_variant_that_fixes_its_cpus_is_shown_those(tmp_path: Path) -> None:
    asked: list[int | None] = []

    def shown(cpus: int | None, *_: Path) -> ShownCpus:
        asked.append(cpus)
        return ShownCpus(CpuWay.MOUNT, ("show", str(cpus)))

    engine = make_engine(tmp_path, means=replace(WITHOUT_CGROUPS, show=shown))
    eight = raw.variant("one", host_cpus=8)

    assert engine.shown_to(eight).prefix == ("show", "8")
    assert engine.shown_to(eight) is engine.shown_to(eight)
    assert engine.shown_to(ONE) is engine.shown
    assert asked == [8]


def test_a_variant_is_told_its_own_cgroup_or_that_it_has_none(engine: ProcessEngine) -> None:
    assert environment(engine)["LAB_CGROUP"] == ""
    assert environment(engine, Cgroup(Path("/groups/one"), V2))["LAB_CGROUP"] == "/groups/one"


def test_the_server_is_bound_to_loopback_whatever_was_given(tmp_path: Path) -> None:
    given = {"LAB_HOST": "0.0.0.0", "LAB_PORT": "1", "WORKERS": "4"}
    engine = make_engine(tmp_path, shared_memory=tmp_path, **given)
    values = plan_of(engine, Path("work")).values()

    assert values == {
        "LAB_HOST": "127.0.0.1",
        "LAB_PORT": "15001",
        "LAB_LIFECYCLE": "driver",
        "WORKERS": "4",
        "LAB_APPS_AT": f"{tmp_path}/apps",
        "LAB_SOCKETS_AT": "work/probes",
        "LAB_BESIDE_AT": "127.90.58.153",
    }


def test_without_shared_memory_its_files_are_temporary_ones(
    tmp_path: Path, temporary: Path
) -> None:
    engine = make_engine(tmp_path, shared_memory=tmp_path / "no-such-folder")

    assert plan_of(engine).values()["LAB_SHM"] == str(temporary)


def test_what_stands_in_for_an_image_is_said(engine: ProcessEngine) -> None:
    assert plan_of(engine).labels() == {
        "image": "memlab-one-thread",
        "memlab.base.kind": "local",
        "memlab.base.reference": "CPython 3.7.17 of a test",
        "memlab.stack": "thread",
    }


def test_it_says_who_it_is_and_what_is_kept_otherwise(engine: ProcessEngine) -> None:
    info = engine.info()

    assert (info.kind, info.cgroup) == ("process", "none")
    assert len(info.notes) == 5
    assert all(note.endswith(".") and "\n" not in note for note in info.notes)
    assert "CPUs: the variants see this machine's own." in info.notes


def test_it_says_who_keeps_the_limits(engine: ProcessEngine, tmp_path: Path) -> None:
    guarded = engine.info()
    engine.cgroups.parent, engine.cgroups.version = tmp_path, V2
    kept = engine.info()

    assert "by a guard" in guarded.notes[2]
    assert "it is refused." in guarded.notes[2]
    assert kept.notes[2] == "Memory limits: kept by a cgroup (v2) of each variant's own."
    assert kept.cgroup == "v2"


@pytest.mark.parametrize(("platform", "said"), [("linux", "sum of PSS"), ("darwin", "USS")])
def test_it_says_what_its_memory_is(
    engine: ProcessEngine, monkeypatch: pytest.MonkeyPatch, platform: str, said: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)

    assert said in engine.info().notes[0]


def test_an_image_without_an_environment_cannot_start(
    engine: ProcessEngine, temporary: Path
) -> None:
    stranger = replace(ONE, image="memlab-py27-thread")

    with pytest.raises(VariantError, match="one: there is no environment for memlab-py27-thread"):
        engine.start(stranger)
    assert list(temporary.iterdir()) == []
    with pytest.raises(VariantError, match="one was never started"):
        engine.state(stranger)


def refuse(error: Exception) -> Callable[..., Any]:
    def call(*_: object) -> None:
        raise error

    return call


@pytest.mark.parametrize("error", [LabError("no service"), OSError("no process can be made")])
def test_what_cannot_start_leaves_nothing_behind(
    tmp_path: Path, temporary: Path, error: Exception
) -> None:
    engine = make_engine(tmp_path, means=replace(WITHOUT_CGROUPS, launch=refuse(error)))
    groups = temporary.with_name("groups")
    groups.mkdir()
    engine.cgroups.parent = groups

    with pytest.raises(VariantError, match=f"one cannot start: {error}"):
        engine.start(ONE)
    assert list(temporary.iterdir()) == []
    assert list(groups.iterdir()) == []
    assert (engine.running, engine.ports.claims) == ({}, {})


def test_what_cannot_be_watched_is_ended(
    tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    supervisor = FakePopen()
    engine = make_engine(tmp_path, means=replace(WITHOUT_CGROUPS, launch=lambda *_: supervisor))
    monkeypatch.setattr(process_engine, "ProcessGroup", refuse(RuntimeError("no thread")))

    with pytest.raises(RuntimeError, match="no thread"):
        engine.start(ONE)
    assert (supervisor.said, supervisor.status) == ([b"end\n"], 143)
    assert (list(temporary.iterdir()), engine.ports.claims) == ([], {})


def test_a_database_ends_where_what_stands_beside_it_cannot_start(
    tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    supervisor: Any = FakePopen()
    engine = make_engine(tmp_path)
    engine.sources = replace(engine.sources, beside=Template(tmp_path, (), {}, {}))
    monkeypatch.setattr(engine, "start_database", lambda _: (supervisor, {}))
    monkeypatch.setattr(process_engine, "started_servers", refuse(LabError("no server")))

    with pytest.raises(VariantError, match="one cannot start: no server"):
        engine.start(ONE)
    assert (supervisor.said, supervisor.status) == ([b"end\n"], 143)
    assert list(temporary.iterdir()) == []


def test_a_service_that_is_not_in_the_file_cannot_start(
    engine: ProcessEngine, temporary: Path
) -> None:
    with pytest.raises(VariantError, match=r"^two cannot start: .* no service two$"):
        engine.start(replace(ONE, name="two"))
    assert list(temporary.iterdir()) == []


class FakeTrees:
    """A tree of a size that the test sets; counts the costly readings."""

    def __init__(self, rss_bytes: int = 0, reading: TreeReading | None = None) -> None:
        self.rss, self.reading, self.reads = rss_bytes, reading, 0

    def read(self, root_pid: int) -> TreeReading | None:
        self.reads += 1
        return self.reading

    def rss_bytes(self, root_pid: int) -> int:
        return self.rss


class FakePopen:
    """A supervisor that is not there."""

    pid = 1 << 30
    """Above any that Linux gives: nobody is below it."""

    def __init__(self, status: int | None = None, ends: bool = True) -> None:
        self.status, self.ends, self.killed = status, ends, False
        self.said: list[bytes] = []
        self.stdin = Heard(self)

    def poll(self) -> int | None:
        return self.status

    def wait(self, timeout: float) -> int:
        if not self.ends:
            raise subprocess.TimeoutExpired("supervisor", timeout)
        self.status = 143
        return self.status

    def kill(self) -> None:
        self.killed = True


class Heard(io.BytesIO):
    """A pipe whose text is kept when it is closed."""

    def __init__(self, supervisor: FakePopen) -> None:
        super().__init__()
        self.supervisor = supervisor

    def close(self) -> None:
        if not self.closed:
            self.supervisor.said.append(self.getvalue())
        super().close()


def tree_reading(total_bytes: int = 50 * MIB, **changes: Any) -> TreeReading:
    reading = TreeReading(
        processes=2,
        tasks=42,
        memory_bytes=total_bytes - 5 * MIB,
        total_bytes=total_bytes,
        rss_bytes=total_bytes + 30 * MIB,
        anon_bytes=total_bytes - 6 * MIB,
        file_bytes=5 * MIB,
        shmem_bytes=MIB,
        peak_bytes=total_bytes + 40 * MIB,
        cpu_user_seconds=3.0,
        cpu_system_seconds=0.5,
        source="process-pss-anon",
    )
    return replace(reading, **changes)


def running(supervisor: FakePopen, folder: Path, group: Cgroup | None = None) -> ProcessGroup:
    fake: Any = supervisor
    return ProcessGroup(fake, folder, group)


def readings(of: ProcessGroup, trees: FakeTrees, limit_bytes: int = 100 * MIB) -> TreeSampling:
    """A sampling whose own thread has ended before its first reading."""
    sampling = TreeSampling(of, limit_bytes, trees, lambda _: None, SamplingPace(60.0, 60.0))
    sampling.stop()
    sampling.thread.join(5)
    assert not sampling.thread.is_alive()
    return sampling


@pytest.mark.parametrize(
    ("rss_bytes", "pss_bytes", "reads"),
    [(80 * MIB, 60 * MIB, 0), (100 * MIB, 200 * MIB, 0), (300 * MIB, 100 * MIB, 1)],
    ids=["under", "at-the-limit", "shared-pages-alone"],
)
def test_what_keeps_its_limit_is_left_alone(
    tmp_path: Path, rss_bytes: int, pss_bytes: int, reads: int
) -> None:
    supervisor, trees = FakePopen(), FakeTrees(rss_bytes, tree_reading(pss_bytes))
    sampling = readings(running(supervisor, tmp_path), trees)
    sampling.guard()

    assert (supervisor.said, sampling.running.stopped_by) == ([], "")
    assert trees.reads == reads


def test_what_is_over_its_limit_is_stopped_once(tmp_path: Path) -> None:
    supervisor, trees = FakePopen(), FakeTrees(300 * MIB, tree_reading(120 * MIB))
    sampling = readings(running(supervisor, tmp_path), trees)
    sampling.guard()
    trees.reading = tree_reading(130 * MIB)
    sampling.guard()

    assert supervisor.said == [b"end\n"]
    assert sampling.running.stopped_by == (
        "the lab's guard stopped it at its memory limit (120 MiB of 100 MiB)"
    )


def test_what_ended_under_the_guards_eyes_is_left_alone(tmp_path: Path) -> None:
    supervisor = FakePopen()
    readings(running(supervisor, tmp_path), FakeTrees(300 * MIB, None)).guard()

    assert supervisor.said == []


def test_what_a_cgroup_limits_needs_no_guard(tmp_path: Path) -> None:
    supervisor, group = FakePopen(), Cgroup(tmp_path, V2)
    sampling = readings(
        running(supervisor, tmp_path, group), FakeTrees(300 * MIB, tree_reading(300 * MIB))
    )
    sampling.guard()

    assert supervisor.said == []


def test_the_guard_is_quicker_than_the_readings(tmp_path: Path) -> None:
    pace = SamplingPace(reading_seconds=60.0, guard_seconds=0.005)
    samples: list[Sample | None] = []
    supervisor, trees = FakePopen(), FakeTrees(0, tree_reading(300 * MIB))
    sampling = TreeSampling(running(supervisor, tmp_path), 100 * MIB, trees, samples.append, pace)
    sampling.resume()
    assert wait_until(lambda: len(samples) == 1)
    trees.rss = 300 * MIB
    assert wait_until(lambda: bool(supervisor.said))
    sampling.stop()
    sampling.thread.join(5)

    assert len(samples) == 1


def test_what_the_guard_stopped_says_so_and_can_be_stopped(
    engine: ProcessEngine, tmp_path: Path
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "server.log").write_text("one\ntwo\nthree\n", encoding="utf-8")
    supervisor = FakePopen()
    group = engine.running[ONE.name] = running(supervisor, work)
    engine.trees = FakeTrees(300 * MIB, tree_reading(120 * MIB))
    sampling = engine.sample(ONE, lambda _: None)
    assert wait_until(lambda: bool(group.stopped_by))
    sampling.stop()
    engine.stop(ONE)

    assert not engine.state(ONE).running
    assert engine.state(ONE).reason.startswith("the lab's guard stopped it at its memory limit")
    assert engine.log_tail(ONE, 2) == ("two", "three")
    assert not work.exists()


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (0, "its server ended with status 0"),
        (137, "its server ended with status 137 (killed, as the kernel does at the memory limit)"),
    ],
)
def test_what_ended_by_itself_says_how(
    engine: ProcessEngine, tmp_path: Path, status: int, reason: str
) -> None:
    engine.running[ONE.name] = running(FakePopen(status), tmp_path)

    assert engine.state(ONE).reason == reason


def test_what_does_not_end_is_killed_and_said_and_nothing_of_it_is_kept(
    engine: ProcessEngine, tmp_path: Path
) -> None:
    supervisor, work, cgroup = FakePopen(ends=False), tmp_path / "work", tmp_path / "group"
    work.mkdir()
    cgroup.mkdir()
    engine.running[ONE.name] = running(supervisor, work, Cgroup(cgroup, V2))
    engine.ports.take(2, ONE.name)

    with pytest.raises(VariantError, match="one: its supervisor did not end within 17 s: "):
        engine.stop(ONE)
    assert (supervisor.said, supervisor.killed) == ([b"end\n"], True)
    assert (engine.running, engine.ports.claims) == ({}, {})
    assert not work.exists()
    assert not cgroup.exists()


def test_a_server_beside_a_variant_that_does_not_end_is_killed_and_spoils_no_run() -> None:
    supervisor: Any = FakePopen(ends=False)
    end_supervisor(supervisor)

    assert (supervisor.said, supervisor.killed) == ([b"end\n"], True)


class FailingTrees(FakeTrees):
    """A tree whose readings fail, all of them or as many as the test says."""

    def __init__(self, failures: int) -> None:
        super().__init__(0, tree_reading())
        self.failures = failures

    def rss_bytes(self, root_pid: int) -> int:
        self.failures -= 1
        if self.failures >= 0:
            raise RecursionError("a bug")
        return super().rss_bytes(root_pid)


def test_one_reading_that_fails_is_a_gap(tmp_path: Path) -> None:
    samples: list[Sample | None] = []
    supervisor, pace = FakePopen(), SamplingPace(0.001, 0.001, unread_seconds=30)
    group = running(supervisor, tmp_path)
    sampling = TreeSampling(group, 100 * MIB, FailingTrees(3), samples.append, pace)
    sampling.resume()
    assert wait_until(lambda: len(samples) > 2)
    sampling.stop()
    sampling.thread.join(5)

    assert (group.unread, supervisor.said) == ("", [])


def test_what_cannot_be_read_for_long_is_ended_and_says_why(
    engine: ProcessEngine, tmp_path: Path
) -> None:
    supervisor = FakePopen()
    group = engine.running[ONE.name] = running(supervisor, tmp_path)
    engine.trees, engine.pace = FailingTrees(sys.maxsize), SamplingPace(0.01, 0.01, 0.05)
    sampling = engine.sample(ONE, lambda _: None)
    assert wait_until(lambda: bool(supervisor.said))
    assert isinstance(sampling, TreeSampling)
    assert sampling.thread.is_alive()
    sampling.stop()
    supervisor.status = 143

    assert group.unread == engine.state(ONE).reason
    assert engine.state(ONE).reason == (
        "the lab ended it: its processes cannot be read (RecursionError: a bug)"
    )


def test_a_supervisor_that_has_gone_can_still_be_asked_to_end(tmp_path: Path) -> None:
    with subprocess.Popen(["true"], stdin=subprocess.PIPE) as supervisor:
        supervisor.wait(5)
        group = ProcessGroup(supervisor, tmp_path, None)
        group.ask_to_end()
        group.ask_to_end()

    assert supervisor.returncode == 0


def test_without_a_supervisor_there_is_no_reading(tmp_path: Path) -> None:
    trees = FakeTrees(0, tree_reading())

    assert readings(running(FakePopen(status=0), tmp_path), trees).sample() is None
    assert trees.reads == 0


def test_without_processes_there_is_no_reading(tmp_path: Path) -> None:
    assert readings(running(FakePopen(), tmp_path), FakeTrees()).sample() is None


def test_a_reading_is_the_trees(tmp_path: Path) -> None:
    before = now_seconds()
    sample = readings(running(FakePopen(), tmp_path), FakeTrees(0, tree_reading())).sample()

    assert sample is not None
    assert before <= sample.read_at_seconds <= now_seconds()
    assert (sample.memory_bytes, sample.usage_bytes) == (45 * MIB, 50 * MIB)
    assert (sample.anon_bytes, sample.file_bytes, sample.shmem_bytes) == (44 * MIB, 5 * MIB, MIB)
    assert (sample.limit_bytes, sample.rss_bytes) == (100 * MIB, 80 * MIB)
    assert sample.cpu_seconds == sample.cpu_user_seconds + sample.cpu_system_seconds == 3.5
    assert (sample.pids, sample.peak_bytes) == (42, 90 * MIB)


def test_a_cgroups_peak_is_the_kernels(tmp_path: Path) -> None:
    (tmp_path / "memory.peak").write_text(f"{77 * MIB}\n", encoding="ascii")
    group = running(FakePopen(), tmp_path, Cgroup(tmp_path, V2))
    sample = readings(group, FakeTrees(0, tree_reading())).sample()

    assert sample is not None
    assert sample.peak_bytes == 77 * MIB


def test_the_log_holds_what_the_supervisor_had_to_say(tmp_path: Path) -> None:
    (tmp_path / "server.log").write_text("one\ntwo\n")
    (tmp_path / "supervisor.log").write_text("supervisor: no such program\n")
    running = ProcessGroup(FakePopen(), tmp_path, None)  # type: ignore[arg-type]

    assert running.log_lines() == ("one", "two", "supervisor: no such program")
