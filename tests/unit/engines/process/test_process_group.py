"""The processes of a variant: their limit, their guard, their end and their readings."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from lab.clock import now_seconds
from lab.engines.process.cgroups import V2, Cgroup
from lab.engines.process.engine import ProcessEngine
from lab.engines.process.process_group import (
    ProcessGroup,
    SamplingPace,
    TreeSampling,
    end_supervisor,
)
from lab.errors import VariantError
from lab.records.observations import Sample
from lab.units import MIB
from support.fake_processes import FakePopen, FakeTrees, readings, running, tree_reading
from support.made_engine import ONE
from support.polling import wait_until


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
