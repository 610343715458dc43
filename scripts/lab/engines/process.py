"""Local processes: the services of compose.yaml on this machine's own interpreters, no container.

What a container would keep is kept as well as the system lets it, and what is not is said in the
engine's notes. Each variant runs below a keeper (lab.engines.keeper) and ends with it.
"""

import contextlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lab.engines import Place, Sampling, State, ended_with, keeper, postgres, probe_ports
from lab.engines.cgroups import Cgroup, Cgroups, remove
from lab.engines.cpus import Shown, show
from lab.engines.ports import LOOPBACK, Ports
from lab.engines.trees import Trees, trees_here
from lab.environments import Installed
from lab.errors import LabError, VariantError
from lab.matrix import read_service
from lab.model import Sample, Variant
from lab.summary import EngineInfo

READING_SECONDS = 1.0
"""As often as the engine of containers tells its own."""
GUARD_SECONDS = 0.2
"""How often memory is looked at where no cgroup limits it."""
STOP_SECONDS = keeper.GRACE_SECONDS + keeper.KILL_SECONDS + 5
LOG_LINES_KEPT = 200
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


class Running:
    """One started variant."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        work: Path,
        group: Cgroup | None,
        database: subprocess.Popen[bytes] | None = None,
    ) -> None:
        self.process, self.work, self.group, self.database = process, work, group, database
        self.stopped_by = ""
        """Why the lab itself stopped it, in one sentence."""

    def log_lines(self) -> tuple[str, ...]:
        """The server's, and behind them what the keeper had to say."""
        lines: list[str] = []
        for name in ("server.log", "keeper.log"):
            with contextlib.suppress(OSError):
                text = (self.work / name).read_text(encoding="utf-8", errors="replace")
                lines += text.splitlines()
        return tuple(lines[-LOG_LINES_KEPT:])

    def written_exit_code(self) -> int | None:
        """How the server ended, as `images/entry` writes it down; it may outlive the server."""
        try:
            return int((self.work / "server.exit").read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None

    def keepers(self) -> list[subprocess.Popen[bytes]]:
        return [self.process, *([self.database] if self.database else [])]

    def ask_to_end(self) -> None:
        """Once; a second time, after the guard's, says nothing."""
        for kept in self.keepers():
            ask_to_end(kept)

    def wait(self) -> bool:
        """Whether all have ended in time; a keeper that does not end is killed."""
        ended = True
        for kept in self.keepers():
            try:
                kept.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                kept.kill()
                ended = False
        return ended


class ProcessEngine:
    """The variants as process trees of this machine."""

    def __init__(self, sources: Sources, shown: Shown, cpus: int | None) -> None:
        self.sources, self.shown, self.cpus = sources, shown, cpus
        self.shown_by_cpus = {cpus: shown}
        self.cgroups, self.trees, self.ports = Cgroups(), trees_here(), Ports()
        self.running: dict[str, Running] = {}
        self.ended: dict[str, tuple[State, tuple[str, ...]]] = {}

    def info(self) -> EngineInfo:
        limit = (
            f"Memory limits: kept by a cgroup ({self.cgroups.version}) of each variant's own."
            if self.cgroups.parent
            else f"Memory limits: kept by a guard that reads RSS every {GUARD_SECONDS} s and stops "
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

    def start(self, variant: Variant) -> Place:
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
        self.running[variant.name] = Running(process, work, group, database)
        sockets = work / SOCKETS if self.sources.app_probes else None
        return Place(LOOPBACK, port, probe_port, self.container(variant, installed), sockets)

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
        return Readings(self.find(variant), variant.memory_limit_bytes, self.trees, on_sample)

    def find(self, variant: Variant) -> Running:
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
            status = running.written_exit_code()
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


def ask_to_end(kept: subprocess.Popen[bytes]) -> None:
    assert kept.stdin is not None
    with contextlib.suppress(OSError, ValueError):
        kept.stdin.write(b"end\n")
        kept.stdin.close()


def joined(first: Mapping[str, str], second: Mapping[str, str]) -> dict[str, str]:
    """Both; where both name folders for Python, its path has all of them."""
    paths = [part["PYTHONPATH"] for part in (first, second) if part.get("PYTHONPATH")]
    both = {**first, **second}
    return {**both, "PYTHONPATH": os.pathsep.join(paths)} if paths else both


def launch(
    command: list[str], environment: Mapping[str, str], work: Path, group: Cgroup | None
) -> subprocess.Popen[bytes]:
    """A keeper in a session of its own, so that the terminal's signals pass it by."""
    spec = {"command": command, "work": str(work), "cgroup": str(group.path) if group else None}
    with (work / "keeper.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", keeper.__file__, json.dumps(spec)],
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


class Readings:
    """Reads a tree once a second on a thread of its own, and guards its limit where nobody does."""

    def __init__(
        self,
        running: Running,
        limit_bytes: int,
        trees: Trees,
        on_sample: Callable[[Sample | None], None],
    ) -> None:
        self.running, self.limit_bytes, self.trees = running, limit_bytes, trees
        self.on_sample = on_sample
        self.paused = True
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.read, name="tree-readings", daemon=True)
        self.thread.start()

    def read(self) -> None:
        next_at = time.monotonic()
        pause = partial(self.stopped.wait, READING_SECONDS)
        if self.running.group is None:
            pause = partial(self.stopped.wait, GUARD_SECONDS)
        while not pause():
            self.guard()
            if self.paused:
                next_at = time.monotonic()
            elif time.monotonic() >= next_at:
                next_at += READING_SECONDS
                self.on_sample(self.sample())

    def guard(self) -> None:
        """Stop what is over its limit; RSS first, as it is cheap and never less than PSS."""
        if self.running.group is not None or self.running.stopped_by:
            return
        pid = self.running.process.pid
        if self.trees.rss_bytes(pid) <= self.limit_bytes:
            return
        found = self.trees.read(pid)
        if found is not None and found.total_bytes > self.limit_bytes:
            size = f"{found.total_bytes >> 20} MiB of {self.limit_bytes >> 20} MiB"
            self.running.stopped_by = f"the lab's guard stopped it at its memory limit ({size})"
            self.running.ask_to_end()

    def sample(self) -> Sample | None:
        """None when its processes are gone; its time is that of the beginning."""
        running, read_at_seconds = self.running, time.time()
        found = self.trees.read(running.process.pid) if running.process.poll() is None else None
        if found is None:
            return None
        return Sample(
            read_at_seconds=read_at_seconds,
            memory_bytes=found.memory_bytes,
            usage_bytes=found.total_bytes,
            limit_bytes=self.limit_bytes,
            anon_bytes=found.anon_bytes,
            file_bytes=found.file_bytes,
            inactive_file_bytes=0,
            kernel_bytes=None,
            shmem_bytes=found.shmem_bytes,
            peak_bytes=running.group.peak_bytes() if running.group else found.peak_bytes,
            pids=found.tasks,
            cpu_seconds=found.cpu_user_seconds + found.cpu_system_seconds,
            cpu_user_seconds=found.cpu_user_seconds,
            cpu_system_seconds=found.cpu_system_seconds,
            source=found.source,
            rss_bytes=found.rss_bytes,
        )

    def pause(self) -> None:
        """The guard goes on."""
        self.paused = True

    def resume(self) -> None:
        self.paused = False

    def stop(self) -> None:
        self.stopped.set()
