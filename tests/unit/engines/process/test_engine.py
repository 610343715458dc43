"""The engine of local processes, as far as it needs no process: see also tests/contract."""

import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import raw
from lab.engines.process import engine as process_engine
from lab.engines.process.app_servers import Template
from lab.engines.process.cgroups import V2, Cgroup
from lab.engines.process.cpus import CpuWay, ShownCpus
from lab.engines.process.engine import ProcessEngine
from lab.engines.process.launch_plan import LaunchPlan
from lab.errors import LabError, VariantError
from support.fake_processes import FakePopen
from support.made_engine import ONE, WITHOUT_CGROUPS, make_engine


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
