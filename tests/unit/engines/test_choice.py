"""Which engine a run gets, by where the driver is and by what was asked."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from builders import raw
from lab.engines.choice import GATE, choose
from lab.engines.docker import engine as docker
from lab.engines.docker.engine import DockerEngine, Lifecycle
from lab.engines.process import environments
from lab.engines.process.cgroups import Cgroups
from lab.engines.process.cpus import CpuWay, ShownCpus
from lab.engines.process.engine import Means, ProcessEngine
from lab.engines.process.environments import Installed, PreparedEnvironments
from lab.errors import ExitCode, LabError, UsageError
from lab.records.variant import Variant
from support.paths import ROOT

NOTHING_OFFERED = Means(
    lambda: Cgroups(Path("/nowhere")), lambda cpus, images, apps: ShownCpus(CpuWay.SHIM)
)
READY = Installed(Path("/environments/bin/python3"), "CPython 3.8.20 of a test")


@pytest.fixture(autouse=True)
def _on_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LAB_PROJECT", "LAB_LIFECYCLE", "LAB_MISSING"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def _in_a_container(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_PROJECT", "memlab")


class Prepares:
    """Stands for what makes environments: those of one Python cannot be made."""

    def __init__(self) -> None:
        self.asked: tuple[Any, ...] = ()

    def __call__(self, variants: Sequence[Variant], *rest: Any) -> PreparedEnvironments:
        self.asked = (variants, *rest)
        images = {variant.image: variant.axes.python for variant in variants}
        return PreparedEnvironments(
            {image: READY for image, python in images.items() if python != "3.7"},
            {image: "no CPython 3.7 here" for image, python in images.items() if python == "3.7"},
        )


@pytest.fixture
def prepares(monkeypatch: pytest.MonkeyPatch) -> Prepares:
    """No environments are made."""
    prepares = Prepares()
    monkeypatch.setattr(environments, "prepare", prepares)
    return prepares


def chosen(**given: str) -> Any:
    return choose(raw.settings(**given), ROOT, given, NOTHING_OFFERED)


@pytest.mark.usefixtures("_in_a_container")
def test_in_the_drivers_container_local_processes_are_refused() -> None:
    with pytest.raises(UsageError, match="use make repro ENGINE=process") as refused:
        chosen(ENGINE="process")

    assert refused.value.exit_code is ExitCode.USAGE


def test_outside_of_it_containers_are_refused() -> None:
    with pytest.raises(LabError, match=r"use make repro$"):
        chosen(ENGINE="docker")


@pytest.mark.usefixtures("_in_a_container")
@pytest.mark.parametrize("engine", ["auto", "docker"])
def test_in_the_drivers_container_the_gate_is_asked(
    monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(docker, "connect", asked.append)
    monkeypatch.setenv("LAB_LIFECYCLE", "driver")
    monkeypatch.setenv("LAB_MISSING", "memlab-py37-thread=pip ended with 1")
    choice = chosen(ENGINE=engine)

    assert asked == [GATE]
    assert isinstance(choice.engine, DockerEngine)
    assert (choice.engine.project, choice.engine.lifecycle) == ("memlab", Lifecycle.DRIVER)
    assert choice.unbuilt.keys() == {"memlab-py37-thread"}
    assert choice.unbuilt["memlab-py37-thread"].endswith(": pip ended with 1")


@pytest.mark.parametrize("engine", ["auto", "process"])
def test_elsewhere_it_is_local_processes(prepares: Prepares, engine: str) -> None:
    process_engine = chosen(ENGINE=engine, HOST_CPUS="40", VARIANTS="py38-*").engine

    assert isinstance(process_engine, ProcessEngine)
    assert process_engine.sources.installed == {"memlab-py38-thread": READY}
    assert process_engine.sources.values["HOST_CPUS"] == "40"
    assert (process_engine.cpus, process_engine.shown.way) == (40, CpuWay.SHIM)


def test_environments_are_made_for_the_chosen_variants_alone(prepares: Prepares) -> None:
    chosen(VARIANTS="py38-flask py39-*")
    variants, locks, folder, _ = prepares.asked

    assert [variant.name for variant in variants] == [
        "py38-flask",
        "py39-fastapi-sync",
        "py39-fastapi-async",
        "py39-flask",
    ]
    assert (locks, folder) == (ROOT / "images" / "locks", ROOT / ".environments")


def test_an_environment_that_cannot_be_made_is_a_reason(
    prepares: Prepares, capsys: pytest.CaptureFixture[str]
) -> None:
    choice = chosen()
    reason = "its environment cannot be made: no CPython 3.7 here"

    assert choice.unbuilt == {"memlab-py37-thread": reason}
    assert f"lab: memlab-py37-thread: {reason}\n" in capsys.readouterr().err


def test_what_is_kept_otherwise_is_said_before_the_run(
    prepares: Prepares, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = chosen(VARIANTS="py38-*").engine
    said = capsys.readouterr()

    assert said.err.splitlines() == [f"lab: {note}" for note in engine.info().notes]
    assert said.out == ""


@pytest.mark.parametrize("given", [{"SUITE": "nope"}, {"VARIANTS": "py27-*"}])
def test_nothing_is_made_for_what_cannot_be_run(
    prepares: Prepares, given: Mapping[str, str]
) -> None:
    with pytest.raises(UsageError):
        chosen(**given)

    assert prepares.asked == ()
