"""What a variant is given when it is started as local processes, in place of its container."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.engines.process import postgres
from lab.engines.process.app_servers import Template, address_of
from lab.engines.process.cgroups import Cgroup
from lab.engines.process.cpus import ShownCpus
from lab.engines.process.environments import Installed
from lab.engines.process.ports import LOOPBACK
from lab.engines.protocol import Endpoint
from lab.matrix.compose_file import read_service
from lab.records.variant import Variant

APP, SOCKETS = "app", "probes"
"""Folders below a variant's own, for the copy of a user app and the sockets of its probes."""


@dataclass(frozen=True, slots=True)
class VariantSources:
    """Where the parts of a variant come from."""

    compose_file: Path
    values: Mapping[str, str]
    """Values of the `${...}` in compose.yaml."""
    root: Path
    """The repository, with `images/entry` and `apps`."""
    installed: Mapping[str, Installed]
    """An environment for each image of compose.yaml."""
    app: Path | None = None
    """The folder of a user app: each of its variants runs in a copy of it."""
    app_probes: bool = False
    """Whether probes are put into the user app."""
    shared_memory: Path = Path("/dev/shm")
    """Where there is none, its files are temporary ones."""
    databases: Path = postgres.PROGRAMS
    """The folder with PostgreSQL's programs of each version."""
    beside: Template | None = None
    """The servers that the user app needs beside it."""


@dataclass(frozen=True, slots=True)
class LaunchPlan:
    """One start of a variant: its packages, its folder and its ports."""

    sources: VariantSources
    variant: Variant
    installed: Installed
    work: Path
    port: int
    probe_port: int

    def endpoint(self) -> Endpoint:
        """Where the variant answers once it has started."""
        sockets = self.work / SOCKETS if self.sources.app_probes else None
        return Endpoint(LOOPBACK, self.port, self.probe_port, self.labels(), sockets)

    def labels(self) -> dict[str, str]:
        """The labels that an image would have."""
        return {
            "image": self.variant.image,
            "memlab.base.kind": "local",
            "memlab.base.reference": self.installed.reference,
            "memlab.stack": self.variant.axes.stack,
        }

    def copy_app(self) -> None:
        """Copy the user app, so that what it writes is removed with the copy."""
        if self.sources.app is not None:
            shutil.copytree(self.sources.app, self.work / APP, symlinks=True)
            (self.work / SOCKETS).mkdir()

    def values(self) -> dict[str, str]:
        """Values of the `${...}` in compose.yaml; the server is bound to loopback."""
        shared = {} if self.sources.shared_memory.is_dir() else {"LAB_SHM": tempfile.gettempdir()}
        return {
            **self.sources.values,
            "LAB_HOST": LOOPBACK,
            "LAB_PORT": str(self.port),
            "LAB_LIFECYCLE": "driver",
            "LAB_APPS_AT": str(self.sources.root / "apps"),
            "LAB_SOCKETS_AT": str(self.work / SOCKETS),
            "LAB_BESIDE_AT": address_of(self.port),
            **shared,
        }

    def command(self, shown: ShownCpus) -> list[str]:
        """The words of the variant's command, behind those that show it its CPUs."""
        service = read_service(self.sources.compose_file, self.variant.name, self.values())
        return [*shown.prefix, str(self.sources.root / "images" / "entry"), *service.command]

    def environment(self, shown: ShownCpus, cgroup: Cgroup | None) -> dict[str, str]:
        """The environment of a container, with the folders and ports of this machine."""
        service = read_service(self.sources.compose_file, self.variant.name, self.values())
        interpreter_folder = str(self.installed.python.parent)
        work = str(self.work)
        return {
            "PATH": os.pathsep.join((interpreter_folder, os.environ.get("PATH", os.defpath))),
            "HOME": work,
            "TMPDIR": work,
            "LANG": "C.UTF-8",
            "LAB_LIFECYCLE": "driver",  # a service that fixes its own keeps it
            **joined_environments(shown.environment, service.environment),
            "LAB_APPS": str(self.sources.root / "apps"),
            "LAB_WORK": work,
            "LAB_LOG": str(self.work / "server.log"),
            "LAB_PROBE_HOST": LOOPBACK,
            "LAB_PROBE_PORT": str(self.probe_port),
            "LAB_CGROUP": str(cgroup.path) if cgroup else "",
            **({"LAB_FOLDER": str(self.work / APP)} if self.sources.app else {}),
        }


def joined_environments(first: Mapping[str, str], second: Mapping[str, str]) -> dict[str, str]:
    """Both environments as one; where both name folders for Python, its path has all of them."""
    paths = [part["PYTHONPATH"] for part in (first, second) if part.get("PYTHONPATH")]
    both = {**first, **second}
    return {**both, "PYTHONPATH": os.pathsep.join(paths)} if paths else both
