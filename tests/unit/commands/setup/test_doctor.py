"""What `lab doctor` says of a machine, and of one whose engine only pretends to be there."""

from dataclasses import replace
from pathlib import Path

import pytest
from lab.commands.setup import machine as facts
from lab.commands.setup.doctor import CORE, THREAD, is_ready, rows
from lab.commands.setup.machine import DockerDaemon, Machine, base_tag
from lab.paths import COMPOSE_FILE
from lab.units import MIB

WHOLE = Machine(
    cpus=2,
    free_memory_bytes=24_000 * MIB,
    docker=DockerDaemon("20.10.24", "1", "overlay2", 90_000 * MIB),
    compose="docker compose 2.40.0",
    has_registry=True,
    pythons=dict.fromkeys(("3.7", "3.8", "3.9", "3.10", "3.12"), Path("/usr/bin/python")),
    can_mount=True,
)


def said(machine: Machine, engine: str = "auto") -> list[str]:
    return [str(row) for row in rows(machine, engine, CORE)]


def test_a_machine_with_everything_is_advised_nothing() -> None:
    lines = said(WHOLE)

    assert [line for line in lines if "->" in line] == []
    assert lines[:3] == [
        "CPUs         2",
        "memory       24000 MiB free",
        "engine       Docker 20.10.24, cgroup v1, overlay2",
    ]
    assert "registry     answers: official images" in lines
    assert lines[-1].endswith(CORE.images)
    assert is_ready(WHOLE, "docker")


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        ({"free_memory_bytes": 5000 * MIB}, "lower HOST_CPUS, or LANES=2"),
        ({"docker": None}, "start Docker Engine, or install it"),
        ({"docker": DockerDaemon("1", "2", "x", 100 * MIB)}, "make room: 4000 MiB are needed"),
        ({"compose": None}, "install Docker's compose plugin"),
        ({"has_registry": False, "pythons": {"3.12": None}}, "CPython 3.12 is missing"),
        ({"docker": None, "can_mount": False}, "the shown CPUs come from a shim"),
        ({"docker": None, "pythons": {**WHOLE.pythons, "3.8": None}}, "pyenv install 3.8"),
    ],
)
def test_what_is_missing_is_said_with_what_to_do(change: dict[str, object], advice: str) -> None:
    advised = [line for line in said(replace(WHOLE, **change)) if "->" in line]  # type: ignore[arg-type]

    assert any(advice in line for line in advised)


def test_what_nobody_knows_is_not_called_too_little() -> None:
    engine = DockerDaemon("1", "2", "x", None)
    lines = said(replace(WHOLE, free_memory_bytes=None, docker=engine))

    assert "memory       unknown free" in lines
    assert [line for line in lines if "->" in line] == []


def test_without_an_engine_local_processes_are_ready_unless_docker_is_insisted_on() -> None:
    without = replace(WHOLE, docker=None, has_registry=None)

    assert (is_ready(without, "auto"), is_ready(without, "docker")) == (True, False)
    assert any("ENGINE=docker insists" in line for line in said(without, "docker"))
    assert said(without)[-1].endswith(CORE.environments)


def test_processes_that_are_insisted_on_ask_no_registry() -> None:
    lines = said(replace(WHOLE, has_registry=None), "process")

    assert [line for line in lines if line.startswith("registry")] == []
    assert [line.split()[1] for line in lines if line.startswith("CPython")] == [
        "3.7",
        "3.8",
        "3.9",
        "3.10",
    ]


def test_offline_says_that_nobody_was_asked() -> None:
    assert "registry     not tried (OFFLINE=1): stand-ins" in said(
        replace(WHOLE, has_registry=None)
    )


def test_the_larger_suite_costs_more() -> None:
    assert THREAD.memory_bytes > CORE.memory_bytes
    (line,) = (str(row) for row in rows(WHOLE, "auto", THREAD) if row.name == "cost")
    assert f"SUITE=thread: {THREAD.run_time}" in line


def test_the_base_is_the_one_that_compose_names() -> None:
    assert base_tag(COMPOSE_FILE.read_text(encoding="utf-8")).startswith("debian:")
    with pytest.raises(ValueError, match="BASE_DEBIAN"):
        base_tag("services: {}")


@pytest.mark.parametrize("words", [("false",), ("/no/such/program",), ("sleep", "30")])
def test_a_program_that_fails_is_missing_or_hangs_says_nothing(words: tuple[str, ...]) -> None:
    assert facts.output(*words, seconds=0.2) is None
