"""Local processes: the services of compose.yaml on this machine's own interpreters, no container.

What a container would keep is kept as well as the system lets it, and what is not is said in the
engine's notes. Each variant runs below a keeper (lab.engines.process.supervisor) and ends with it.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.engines.process import postgres
from lab.engines.process.cgroups import Cgroup, Cgroups, remove
from lab.engines.process.cpus import Shown, show
from lab.engines.process.environments import Installed
from lab.engines.process.ports import LOOPBACK, Ports
from lab.engines.process.process_group import (
    PACE,
    STOP_SECONDS,
    ProcessGroup,
    SamplingPace,
    TreeSampling,
    ask_to_end,
    launch,
)
from lab.engines.process.process_tree import trees_here
from lab.engines.protocol import Endpoint, Sampling, State, ended_with, probe_ports
from lab.errors import LabError, VariantError
from lab.matrix.compose_file import read_service
from lab.records.experiment import EngineInfo
from lab.records.observations import Sample
from lab.records.variant import Variant

APP, SOCKETS = "app", "probes"
"""Folders below a variant's own, for the copy of an own app and the sockets of its probes."""
SHARED_MEMORY = Path("/dev/shm")


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the parts of a variant come from."""

    compose_file: Path
    values: Mapping[str, str]
    """What the `${...}` of compose.yaml stand for."""
    root: Path
    """The repository, with `images/entry` and `apps`."""
    installed: Mapping[str, Installed]
    """An environment for each image of compose.yaml."""
    app: Path | None = None
    """The folder of an own app: each of its variants runs in a copy of it."""
    app_probes: bool = False
    """Whether probes come into it from outside."""


class ProcessEngine:
    """The variants as process trees of this machine."""

    def __init__(
        self, sources: Sources, shown: Shown, cpus: int | None, pace: SamplingPace = PACE
    ) -> None:
        self.sources, self.shown, self.cpus, self.pace = sources, shown, cpus, pace
        self.shown_by_cpus = {cpus: shown}
        self.cgroups, self.trees, self.ports = Cgroups(), trees_here(), Ports()
        self.running: dict[str, ProcessGroup] = {}
        self.ended: dict[str, tuple[State, tuple[str, ...]]] = {}

    def info(self) -> EngineInfo:
        guard_seconds = self.pace.guard_seconds
        limit = (
            f"Memory limits: kept by a cgroup ({self.cgroups.version}) of each variant's own."
            if self.cgroups.parent
            else f"Memory limits: kept by a guard that reads RSS every {guard_seconds} s and stops "
            f"the variant; {self.cgroups.refusal}."
        )
        return EngineInfo(
            kind="process",
            version=f"{platform.system()} {platform.release()}",
            cgroup=self.cgroups.version,
            notes=(
                self.memory_note(),
                self.shown.note(self.cpus),
                limit,
                "Network: loopback of this machine; nothing is shut off.",
                "Rights: those of the user who called; the files of this machine are in reach.",
            ),
        )

    def shown_to(self, variant: Variant) -> Shown:
        """A variant may fix the CPUs that it is shown."""
        cpus, root = variant.axes.host_cpus, self.sources.root
        if cpus not in self.shown_by_cpus:
            self.shown_by_cpus[cpus] = show(cpus, root / "images", root / "apps")
        return self.shown_by_cpus[cpus]

    def memory_note(self) -> str:
        if sys.platform == "linux":
            return (
                "Memory: the sum of PSS over the variant's processes, without the pages of files, "
                "which neighbours share; the kernel's own memory is not in it."
            )
        return (
            f"Memory: what psutil gives on {platform.system()} (USS, else RSS); there is no PSS, "
            "no peak, no allocator's ledger and no prediction here."
        )

    def can_restart(self) -> bool:
        return True

    def start(self, variant: Variant) -> Endpoint:
        known = self.running.get(variant.name)
        if known is not None and known.process.poll() is None:
            raise VariantError(f"{variant.name}: its last processes still run, so none is fresh")
        installed = self.sources.installed.get(variant.image)
        if installed is None:
            raise VariantError(f"{variant.name}: there is no environment for {variant.image}")
        port, probe_port = self.ports.take(1), self.ports.take(probe_ports(variant.axes.workers))
        work = Path(tempfile.mkdtemp(prefix=f"memlab-{variant.name}-"))
        group = database = None
        try:
            self.copy_app(work)
            database, place_of_database = self.database(variant, work)
            group = self.cgroups.make(work.name, variant.memory_limit_bytes)
            environment = self.environment(variant, installed, work, port, probe_port, group)
            environment |= place_of_database
            command = [*self.shown_to(variant).prefix, str(self.sources.root / "images" / "entry")]
            command += read_service(
                self.sources.compose_file, variant.name, self.values(port, work)
            ).command
            process = launch(command, environment, work, group)
        except (OSError, LabError) as error:
            if group is not None:
                remove(group.path)
            if database is not None:
                ask_to_end(database)
                database.wait(STOP_SECONDS)
            shutil.rmtree(work, ignore_errors=True)
            raise VariantError(f"{variant.name} cannot start: {error}") from error
        self.ended.pop(variant.name, None)
        self.running[variant.name] = ProcessGroup(process, work, group, database)
        sockets = work / SOCKETS if self.sources.app_probes else None
        return Endpoint(LOOPBACK, port, probe_port, self.container(variant, installed), sockets)

    def copy_app(self, work: Path) -> None:
        """An own app runs in a copy: what it writes is gone with it."""
        if self.sources.app is not None:
            shutil.copytree(self.sources.app, work / APP, symlinks=True)
            (work / SOCKETS).mkdir()

    def database(
        self, variant: Variant, work: Path
    ) -> tuple[subprocess.Popen[bytes] | None, dict[str, str]]:
        """What a variant needs beside itself, and how it is told of it; the app waits for it."""
        if unknown := sorted({*variant.needs} - {postgres.NAME}):
            raise LabError(f"it needs {unknown[0]}, which local processes do not have")
        if not variant.needs:
            return None, {}
        folder, port = work / postgres.NAME, self.ports.take(1)
        folder.mkdir()
        command = postgres.prepare(self.sources.root, folder)
        database = launch(command, postgres.environment(folder, port), folder, None)
        return database, {"LAB_DATABASE": f"{LOOPBACK}:{port}"}

    def container(self, variant: Variant, installed: Installed) -> dict[str, str]:
        return {
            "image": variant.image,
            "memlab.base.kind": "local",
            "memlab.base.reference": installed.reference,
            "memlab.stack": variant.axes.stack,
        }

    def values(self, port: int, work: Path) -> dict[str, str]:
        shared = {} if SHARED_MEMORY.is_dir() else {"LAB_SHM": tempfile.gettempdir()}
        place = {"LAB_HOST": LOOPBACK, "LAB_PORT": str(port), "LAB_LIFECYCLE": "driver"}
        own = {
            "LAB_APPS_AT": str(self.sources.root / "apps"),
            "LAB_SOCKETS_AT": str(work / SOCKETS),
        }
        return {**self.sources.values, **place, **shared, **own}

    def environment(
        self,
        variant: Variant,
        installed: Installed,
        work: Path,
        port: int,
        probe_port: int,
        group: Cgroup | None,
    ) -> dict[str, str]:
        """What a container would be given, and where its places are here."""
        service = read_service(self.sources.compose_file, variant.name, self.values(port, work))
        path = os.pathsep.join((str(installed.python.parent), os.environ.get("PATH", os.defpath)))
        return {
            "PATH": path,
            "HOME": str(work),
            "TMPDIR": str(work),
            "LANG": "C.UTF-8",
            "LAB_LIFECYCLE": "driver",  # a service that fixes its own keeps it
            **joined(self.shown_to(variant).environment, service.environment),
            "LAB_APPS": str(self.sources.root / "apps"),
            "LAB_WORK": str(work),
            "LAB_LOG": str(work / "server.log"),
            "LAB_PROBE_HOST": LOOPBACK,
            "LAB_PROBE_PORT": str(probe_port),
            "LAB_CGROUP": str(group.path) if group else "",
            **({"LAB_FOLDER": str(work / APP)} if self.sources.app else {}),
        }

    def sample(self, variant: Variant, on_sample: Callable[[Sample | None], None]) -> Sampling:
        return TreeSampling(
            self.find(variant), variant.memory_limit_bytes, self.trees, on_sample, self.pace
        )

    def find(self, variant: Variant) -> ProcessGroup:
        try:
            return self.running[variant.name]
        except KeyError:
            raise VariantError(f"{variant.name} was never started") from None

    def state(self, variant: Variant) -> State:
        if variant.name in self.ended:
            return self.ended[variant.name][0]
        running = self.find(variant)
        status = running.process.poll()
        if status is None:
            status = running.exit_status()
        if status is None:
            return State(running=True)
        return State(running=False, reason=running.stopped_by or ended_with(status))

    def log_tail(self, variant: Variant, lines: int = 12) -> tuple[str, ...]:
        if variant.name in self.ended:
            return self.ended[variant.name][1][-lines:]
        running = self.running.get(variant.name)
        return running.log_lines()[-lines:] if running else ()

    def stop(self, variant: Variant) -> None:
        running = self.running.get(variant.name)
        if running is None:
            return
        running.ask_to_end()
        if not running.wait():
            raise VariantError(f"{variant.name}: some of its processes do not end")
        self.ended[variant.name] = (self.state(variant), running.log_lines())
        del self.running[variant.name]
        shutil.rmtree(running.work, ignore_errors=True)


def joined(first: Mapping[str, str], second: Mapping[str, str]) -> dict[str, str]:
    """Both; where both name folders for Python, its path has all of them."""
    paths = [part["PYTHONPATH"] for part in (first, second) if part.get("PYTHONPATH")]
    both = {**first, **second}
    return {**both, "PYTHONPATH": os.pathsep.join(paths)} if paths else both
