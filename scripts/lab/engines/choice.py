"""Chooses the engine of a run: containers through the gate, or local processes."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lab.engines.accepting import accepts
from lab.engines.docker.app_services import ServicesBeside, VariantServices
from lab.engines.protocol import SERVER_PORT, Engine
from lab.errors import LabError, UsageError
from lab.matrix.variants import read_matrix, select
from lab.records.experiment import EngineKind
from lab.settings import Settings
from lab.text.phrases import printable

if TYPE_CHECKING:
    from lab.engines.docker.engine import AppFolders
    from lab.engines.process.engine import Means

GATE = "tcp://gate:2375"
LOGS, SOCKETS, HOMES = Path("/var/log/lab"), Path("/lab/probes"), Path("/lab/homes")
"""Where the driver's container sees what variants write."""


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """An engine, and the images that it does not have."""

    engine: Engine
    unbuilt: Mapping[str, str] = field(default_factory=dict)
    """Images, or environments in their place, that could not be made, each with the reason."""


def parse_missing(text: str) -> dict[str, str]:
    """Images that are missing and why, from `image=reason` lines."""
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    named = ((image.strip(), reason.strip()) for image, _, reason in pairs)
    return {image: f"its image {image} was not built: {reason}" for image, reason in named}


def say(line: str) -> None:
    print(f"lab: {printable(line)}", file=sys.stderr)


def choose(
    settings: Settings, root: Path, given: Mapping[str, str], means: "Means | None" = None
) -> EngineChoice:
    """The engine: Docker inside the driver's container, local processes elsewhere.

    Args:
        means: what local processes use of this machine; None: all that it offers.

    Raises:
        LabError: the engine that ENGINE names is not available here.
    """
    if "LAB_PROJECT" in os.environ:
        if settings.engine == EngineKind.PROCESS:
            raise UsageError(
                "ENGINE=process runs without containers, and this driver is in one: "
                "use make repro ENGINE=process"
            )
        return through_the_gate()
    if settings.engine == EngineKind.DOCKER:
        raise LabError("ENGINE=docker runs from the driver's container: use make repro")
    return as_processes(settings, root, given, means)


def app_through_the_gate(
    *, has_probes: bool, beside: ServicesBeside | None = None, port: int = SERVER_PORT
) -> Engine:
    """Docker behind the gate, for the variants of a user app.

    Args:
        has_probes: whether the lab's probes are in its processes.
        beside: what stands beside each variant; None where it stands alone.
        port: that each variant is told to serve on.
    """
    from lab.engines.docker.engine import AppFolders

    services = VariantServices(beside, LOGS, accepts) if beside is not None else None
    return through_the_gate(AppFolders(SOCKETS, HOMES, LOGS, has_probes, services, port)).engine


def through_the_gate(app_folders: "AppFolders | None" = None) -> EngineChoice:
    """Docker behind the gate.

    Args:
        app_folders: the folders of a user app; None for variants of compose.yaml.
    """
    # Imported here, because without containers the Docker client is not needed.
    from lab.engines.docker.engine import DockerEngine, Lifecycle, connect

    lifecycle = Lifecycle(os.environ.get("LAB_LIFECYCLE", Lifecycle.COMPOSE.value))
    project = os.environ["LAB_PROJECT"]
    engine = DockerEngine(connect(GATE), project, lifecycle, LOGS, app_folders)
    return EngineChoice(engine, parse_missing(os.environ.get("LAB_MISSING", "")))


def as_processes(
    settings: Settings, root: Path, given: Mapping[str, str], means: "Means | None"
) -> EngineChoice:
    """Local processes, with an environment for each image of the selected variants."""
    from lab.engines.process.engine import Means, ProcessEngine
    from lab.engines.process.environments import prepare
    from lab.engines.process.launch_plan import VariantSources

    compose_file = root / "compose.yaml"
    wanted = select(read_matrix(compose_file, given), settings)
    prepared = prepare(wanted, root / "images" / "locks", root / ".environments", say)
    missing = {
        image: f"its environment cannot be made: {reason}"
        for image, reason in prepared.missing.items()
    }
    for image, reason in missing.items():
        say(f"{image}: {reason}")
    means = means or Means()
    shown = means.show(settings.host_cpus, root / "images", root / "apps")
    sources = VariantSources(compose_file, given, root, prepared.ready)
    engine = ProcessEngine(sources, shown, settings.host_cpus, means=means)
    for note in engine.info().notes:
        say(note)
    return EngineChoice(engine, missing)
