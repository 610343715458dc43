"""The workdir of one `make try`: a copy of the app, the compose file of its variants, an engine."""

import contextlib
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.app.copying import copy_app
from lab.app.environment import ENVIRONMENTS, prepare_app
from lab.app.interventions import Allocators, interventions_for
from lab.app.services import image_name, services
from lab.app.spec import AppSpec
from lab.engines.process.app_servers import Template
from lab.engines.process.environments import Installed
from lab.errors import UsageError
from lab.removal import remove_tree
from lab.settings import Settings

if TYPE_CHECKING:
    from lab.engines.process.engine import ProcessEngine

COMPOSE_NAME = "compose.yaml"
COPY = "app"
JEMALLOC, MIMALLOC = "libjemalloc.so.2", "libmimalloc.so.2"
MIMALLOC_FILES = (MIMALLOC, f"{MIMALLOC}.0")
"""Debian has the name with the minor version alone."""
LIBRARIES = (Path("/usr/lib"), Path("/usr/local/lib"), Path("/lib"))


def find_allocators(roots: Sequence[Path] = LIBRARIES) -> Allocators:
    """The libraries of other allocators on this machine."""
    return Allocators(find_library(roots, JEMALLOC), find_library(roots, *MIMALLOC_FILES))


def find_library(roots: Sequence[Path], *names: str) -> str | None:
    """The first file of one of these names."""
    folders = [folder for root in roots for folder in (root, *root.glob("*-linux-gnu*"))]
    files = (folder / name for folder in folders for name in names)
    return next((str(file) for file in files if file.exists()), None)


@contextlib.contextmanager
def app_workdir(description: AppSpec) -> Iterator[Path]:
    """A folder with a copy of the app, gone at the end.

    Raises:
        UsageError: the app cannot be copied.
    """
    work = Path(tempfile.mkdtemp(prefix="memlab-try-"))
    try:
        copy_app(description.folder, work / COPY)
        yield work
    finally:
        remove_tree(work)


def write_services(
    description: AppSpec,
    host_cpus: int | None,
    allocators: Allocators,
    file: Path,
    memray: str | None = None,
) -> None:
    interventions = interventions_for(description, allocators)
    write_compose_file(file, services(description, interventions, host_cpus, memray))


def write_compose_file(file: Path, compose_services: Mapping[str, Mapping[str, Any]]) -> None:
    """Write a project of these services; JSON is YAML, too."""
    file.write_text(json.dumps({"services": compose_services}, indent=1), encoding="utf-8")


def companions_fault(description: AppSpec) -> str | None:
    """Why it cannot run here: its Compose file starts more than servers; None where it does not."""
    if not description.companions:
        return None
    listed = ", ".join(each.name for each in description.companions)
    return (
        f"its Compose file starts {listed} before it, which needs Docker, and no engine of "
        "containers is used here: set services = [...] to the servers that it needs"
    )


def installed_here(description: AppSpec, root: Path, say: Callable[[str], None]) -> Installed:
    """The app's environment on this machine.

    Raises:
        LabError: it cannot be made.
        UsageError: the app can only run in a container.
    """
    if fault := companions_fault(description):
        raise UsageError(f"{description.file}: compose: {fault}")
    if description.has_own_image:
        key = "image" if description.image else "dockerfile"
        raise UsageError(
            f"{description.file}: {key} needs Docker, and this run has no containers: "
            "set python, requirements and command instead"
        )
    return prepare_app(description, root / ENVIRONMENTS, say)


@dataclass(frozen=True, slots=True)
class ReadyApp:
    """What the variants of an app are started from."""

    installed: Installed
    beside: Template | None = None
    """The app's servers, with the data that they begin with."""


def process_engine(
    description: AppSpec,
    ready: ReadyApp,
    settings: Settings,
    given: Mapping[str, str],
    root: Path,
    work: Path,
) -> "ProcessEngine":
    """Local processes of the app."""
    from lab.engines.process.cpus import show
    from lab.engines.process.engine import ProcessEngine
    from lab.engines.process.launch_plan import VariantSources

    sources = VariantSources(
        work / COMPOSE_NAME,
        given,
        root,
        {image_name(description): ready.installed},
        app=work / COPY,
        app_probes=description.probes,
        beside=ready.beside,
    )
    return ProcessEngine(
        sources, show(settings.host_cpus, root / "images", root / "apps"), settings.host_cpus
    )
