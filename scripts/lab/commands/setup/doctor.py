"""`lab doctor`: what this machine has, what a run costs here, and what to do about the rest."""

import argparse
import platform
from collections.abc import Iterator
from dataclasses import dataclass

from lab.commands.setup.machine import PROCESS_PYTHONS, Machine, base_tag, read_machine
from lab.errors import ExitCode
from lab.paths import COMPOSE_FILE
from lab.records.experiment import EngineKind
from lab.settings import given_settings
from lab.settings.declared import ENGINE, OFFLINE, SUITE
from lab.units import MIB

BUILD_BYTES = 1500 * MIB
"""Disk that is needed beside the images while they are built."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a suite needs, and takes on 2 cores; the documents give the same numbers."""

    memory_bytes: int
    memory_advice: str
    images_bytes: int
    suite: str
    run_time: str
    use: tuple[str, str]
    """What a run uses, on two lines."""
    images_time: str
    images_disk: str
    environments_time: str
    environments_disk: str

    @property
    def run(self) -> tuple[str, str]:
        first, second = self.use
        return f"{self.suite}: {self.run_time} on 2 cores, {first}", second

    @property
    def images(self) -> str:
        return f"{self.images_time} more and {self.images_disk} of disk for images"

    @property
    def environments(self) -> str:
        return (
            f"{self.environments_time} more and {self.environments_disk} of disk for environments"
        )


CORE = Cost(
    memory_bytes=6000 * MIB,
    memory_advice="the core suite takes up to 6 GiB: lower HOST_CPUS, or LANES=2",
    images_bytes=2500 * MIB,
    suite="core suite",
    run_time="79 to 95 s",
    use=(
        "3 GiB of memory in use (its limits add up to",
        "15 GiB; less memory: fewer slots, more time), 1 MB of results; the first time",
    ),
    images_time="1 to 6 minutes",
    images_disk="2.5 GiB",
    environments_time="half a minute",
    environments_disk="0.5 GiB",
)
THREAD = Cost(
    # A variant may need 12 GiB and a run takes 0.8 of what is free; the driver and the database fit
    # into the rest.
    memory_bytes=15500 * MIB,
    memory_advice="SUITE=thread takes 15 GiB: with less, what cannot fit is left out, by name",
    images_bytes=6000 * MIB,
    suite="SUITE=thread",
    run_time="7 to 13 minutes",
    use=(
        "slots side by side in 0.8 of the free memory",
        "(the limits add up to 85 GiB, the largest is 12 GiB), 10 MB of results; the first time",
    ),
    images_time="3 to 8 minutes",
    images_disk="6 GiB",
    environments_time="2 minutes",
    environments_disk="2 GiB",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what is here, or, behind an arrow, what to do."""

    name: str
    text: str

    def __str__(self) -> str:
        return f"{self.name:<12} {self.text}".rstrip()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--compose", default="", help="Compose's command (scripts/doctor finds it)")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Decided, or incomplete where the engine that ENGINE insists on is not there.

    Raises:
        UsageError: a setting is out of range.
    """
    given = given_settings()
    engine, cost = ENGINE.read(given), CORE if SUITE.read(given) == "core" else THREAD
    tag = base_tag(COMPOSE_FILE.read_text(encoding="utf-8"))
    offline = OFFLINE.read(given) or engine == EngineKind.PROCESS
    machine = read_machine(arguments.compose, tag, offline=offline)
    for row in rows(machine, engine, cost):
        print(row)
    if not is_ready(machine, engine):
        return ExitCode.INCOMPLETE
    print(Row("", "ready: make repro"))
    return ExitCode.DECIDED


def has_containers(machine: Machine) -> bool:
    return machine.docker is not None and machine.compose is not None


def is_ready(machine: Machine, engine: str) -> bool:
    return engine != EngineKind.DOCKER or has_containers(machine)


def rows(machine: Machine, engine: str, cost: Cost) -> Iterator[Row]:
    """The rows of the table, but for the last, which says whether the machine is ready.

    Args:
        machine: what is here.
        engine: the setting.
        cost: of the suite.
    """
    with_docker = has_containers(machine) and engine != EngineKind.PROCESS
    yield from memory_rows(machine, cost)
    yield from engine_rows(machine, cost)
    if engine == EngineKind.DOCKER and not has_containers(machine):
        yield advice("ENGINE=docker insists on it")
    yield from registry_rows(machine) if with_docker else process_rows(machine)
    yield Row("Python", platform.python_version())
    for name, line in zip(("cost", ""), cost.run, strict=True):
        yield Row(name, line)
    yield Row("", cost.images if with_docker else cost.environments)


def advice(text: str) -> Row:
    return Row("", f"-> {text}")


def mib(size_bytes: int | None) -> str:
    return "unknown" if size_bytes is None else f"{size_bytes // MIB} MiB"


def memory_rows(machine: Machine, cost: Cost) -> Iterator[Row]:
    yield Row("CPUs", str(machine.cpus))
    yield Row("memory", f"{mib(machine.free_memory_bytes)} free")
    if machine.free_memory_bytes is not None and machine.free_memory_bytes < cost.memory_bytes:
        yield advice(cost.memory_advice)


def engine_rows(machine: Machine, cost: Cost) -> Iterator[Row]:
    docker = machine.docker
    if docker is None:
        yield Row("engine", "no Docker Engine answers: local processes")
        yield advice("for containers start Docker Engine, or install it; then make doctor again")
        return
    yield Row("engine", f"Docker {docker.version}, cgroup v{docker.cgroup}, {docker.storage}")
    needed = cost.images_bytes + BUILD_BYTES
    free = mib(docker.free_disk_bytes)
    yield Row("disk", f"{free} free for images; they take about {mib(cost.images_bytes)}")
    if docker.free_disk_bytes is not None and docker.free_disk_bytes < needed:
        yield advice(f"make room: {mib(needed)} are needed while images are built")
    if machine.compose is None:
        yield Row("Compose", "none: local processes")
        yield advice(
            "for containers install Docker's compose plugin, or docker-compose 1.29.2; COMPOSE= "
            "names another"
        )
    else:
        yield Row("Compose", machine.compose)


def process_rows(machine: Machine) -> Iterator[Row]:
    """What local processes run on."""
    for minor in PROCESS_PYTHONS:
        path = machine.pythons[minor]
        none = "none: uv will try to fetch it, else its variants are left out"
        yield Row(f"CPython {minor}", str(path or none))
        if path is None:
            yield advice(f"pyenv install {minor}")
    if not machine.can_mount:
        yield advice("no mount namespace can be made: the shown CPUs come from a shim")


def registry_rows(machine: Machine) -> Iterator[Row]:
    """What the images are made from."""
    if machine.has_registry is None:
        yield Row("registry", "not tried (OFFLINE=1): stand-ins")
        return
    if machine.has_registry:
        yield Row("registry", "answers: official images")
        return
    yield Row("registry", "does not answer: stand-ins from Debian packages and this host's CPython")
    for minor, path in machine.pythons.items():
        if path is None:
            install = f"pyenv install {minor} (its variants are left out)"
            yield advice(f"CPython {minor} is missing: {install}")
