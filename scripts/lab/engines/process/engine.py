"""Local processes: the services of compose.yaml on this machine's own interpreters, no container.

Limits and isolation are as near to a container's as the system allows; the engine's notes name the
differences. Each variant runs below a supervisor (lab.engines.process.supervisor) and ends with it.
"""

import contextlib
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from lab.engines.process import postgres
from lab.engines.process.app_servers import address_of, started_servers
from lab.engines.process.cgroups import Cgroup, Cgroups, remove
from lab.engines.process.cpus import ShownCpus, show
from lab.engines.process.environments import Installed
from lab.engines.process.launch_plan import LaunchPlan, VariantSources
from lab.engines.process.ports import LOOPBACK, Ports
from lab.engines.process.process_group import (
    PACE,
    ProcessGroup,
    SamplingPace,
    TreeSampling,
    end_supervisor,
    launch,
)
from lab.engines.process.process_tree import trees_here
from lab.engines.protocol import Endpoint, Sampling, VariantState, ended_with, probe_ports
from lab.engines.written_files import WRITE_LIMITS, WriteLimits
from lab.errors import LabError, VariantError
from lab.records.experiment import EngineInfo, EngineKind
from lab.records.observations import Sample
from lab.records.variant import Variant
from lab.removal import remove_tree


@dataclass(frozen=True)
class Means:
    """What this machine offers the engine: how it shows CPUs, makes groups, starts processes."""

    cgroups: Callable[[], Cgroups] = Cgroups
    show: Callable[[int | None, Path, Path], ShownCpus] = show
    launch: Callable[
        [list[str], Mapping[str, str], Path, Cgroup | None], subprocess.Popen[bytes]
    ] = launch


class ProcessEngine:
    """The variants as process trees of this machine."""

    def __init__(
        self,
        sources: VariantSources,
        shown: ShownCpus,
        cpus: int | None,
        pace: SamplingPace = PACE,
        write_limits: WriteLimits = WRITE_LIMITS,
        means: Means | None = None,
    ) -> None:
        self.sources, self.shown, self.cpus, self.pace = sources, shown, cpus, pace
        self.write_limits, self.means = write_limits, means or Means()
        self.shown_by_cpus = {cpus: shown}
        self.cgroups, self.trees, self.ports = self.means.cgroups(), trees_here(), Ports()
        self.running: dict[str, ProcessGroup] = {}
        self.ended: dict[str, tuple[VariantState, tuple[str, ...]]] = {}

    def info(self) -> EngineInfo:
        guard_seconds = self.pace.guard_seconds
        limit = (
            f"Memory limits: kept by a cgroup ({self.cgroups.version}) of each variant's own."
            if self.cgroups.parent
            else f"Memory limits: kept by a guard that reads RSS every {guard_seconds} s and stops "
            f"the variant; {self.cgroups.refusal}."
        )
        return EngineInfo(
            kind=EngineKind.PROCESS,
            version=f"{platform.system()} {platform.release()}",
            cgroup=self.cgroups.version,
            notes=(
                self.memory_note(),
                self.shown.note(self.cpus),
                limit,
                "Network: loopback of this machine; nothing is shut off.",
                "Rights: those of the user who runs the lab, who can read this machine's files.",
            ),
        )

    def shown_to(self, variant: Variant) -> ShownCpus:
        """How the variant is shown its CPUs; it may fix their number."""
        cpus, root = variant.axes.host_cpus, self.sources.root
        if cpus not in self.shown_by_cpus:
            self.shown_by_cpus[cpus] = self.means.show(cpus, root / "images", root / "apps")
        return self.shown_by_cpus[cpus]

    def memory_note(self) -> str:
        """The meaning of a sample's memory, for the report."""
        if sys.platform == "linux":
            return (
                "Memory: the sum of PSS over the variant's processes, without the pages of files, "
                "which neighbours share; the kernel's own memory is not in it."
            )
        return (
            f"Memory: what psutil gives on {platform.system()} (USS, else RSS); there is no PSS, "
            "no peak, no reading of the allocator and no prediction here."
        )

    def can_restart(self) -> bool:
        return True

    def add_environment(self, image: str, installed: Installed) -> None:
        """Let variants of another image start, too."""
        environments = {**self.sources.installed, image: installed}
        self.sources = replace(self.sources, installed=environments)

    def start(self, variant: Variant) -> Endpoint:
        group = self.running.get(variant.name)
        if group is not None and group.process.poll() is None:
            raise VariantError(f"{variant.name}: its last processes still run; no trial can begin")
        try:
            plan = self.plan(variant)
            self.running[variant.name] = self.launch(plan)
        except BaseException:
            self.ports.give_back(variant.name)
            raise
        self.ended.pop(variant.name, None)
        return plan.endpoint()

    def plan(self, variant: Variant) -> LaunchPlan:
        """A fresh folder and free ports for the variant."""
        installed = self.sources.installed.get(variant.image)
        if installed is None:
            raise VariantError(f"{variant.name}: there is no environment for {variant.image}")
        port = self.ports.take(1, variant.name)
        probe_port = self.ports.take(probe_ports(variant.axes.workers), variant.name)
        work = Path(tempfile.mkdtemp(prefix=f"memlab-{variant.name}-"))
        return LaunchPlan(self.sources, variant, installed, work, port, probe_port)

    def launch(self, plan: LaunchPlan) -> ProcessGroup:
        """The variant's processes, and those of its database.

        Raises:
            VariantError: they cannot start; nothing of them is left.
        """
        variant, shown = plan.variant, self.shown_to(plan.variant)
        with contextlib.ExitStack() as cleanup:
            cleanup.callback(remove_tree, plan.work)
            try:
                plan.copy_app()
                beside, prefix, addresses = self.start_beside(plan, cleanup)
                cgroup = self.cgroups.make(plan.work.name, variant.memory_limit_bytes)
                if cgroup is not None:
                    cleanup.callback(remove, cgroup.path)
                environment = plan.environment(shown, cgroup) | addresses
                command = [*prefix, *plan.command(shown)]
                process = self.means.launch(command, environment, plan.work, cgroup)
                cleanup.callback(end_supervisor, process)
                group = ProcessGroup(process, plan.work, cgroup, beside, self.write_limits)
            except (OSError, LabError) as error:
                raise VariantError(f"{variant.name} cannot start: {error}") from error
            cleanup.pop_all()
        return group

    def start_beside(
        self, plan: LaunchPlan, cleanup: contextlib.ExitStack
    ) -> tuple[list[subprocess.Popen[bytes]], tuple[str, ...], dict[str, str]]:
        """The supervisors of the servers beside a variant, what leads its command to them, and
        the variables that do; they end with the cleanup."""
        database, addresses = self.start_database(plan)
        supervisors = [database] if database is not None else []
        if database is not None:
            cleanup.callback(end_supervisor, database)
        prefix: tuple[str, ...] = ()
        if self.sources.beside is not None:
            beside = started_servers(self.sources.beside, plan.work, address_of(plan.port))
            supervisors += beside.supervisors
            for each in beside.supervisors:
                cleanup.callback(end_supervisor, each)
            prefix, addresses = beside.prefix, {**addresses, **beside.environment}
        return supervisors, prefix, addresses

    def start_database(
        self, plan: LaunchPlan
    ) -> tuple[subprocess.Popen[bytes] | None, dict[str, str]]:
        """The supervisor of the variant's database, and the variables that give its address.

        Nothing waits for the database here: the app does. None and nothing without a database.
        """
        needs = plan.variant.needs
        if unknown := sorted({*needs} - {postgres.NAME}):
            raise LabError(f"it needs {unknown[0]}, which local processes do not have")
        if not needs:
            return None, {}
        folder, port = plan.work / postgres.NAME, self.ports.take(1, plan.variant.name)
        folder.mkdir()
        programs = self.sources.databases
        command = postgres.prepare(self.sources.root, folder, programs)
        database = self.means.launch(
            command, postgres.environment(folder, port, programs), folder, None
        )
        return database, {"LAB_DATABASE": f"{LOOPBACK}:{port}"}

    def sample(self, variant: Variant, on_sample: Callable[[Sample | None], None]) -> Sampling:
        return TreeSampling(
            self.find(variant), variant.memory_limit_bytes, self.trees, on_sample, self.pace
        )

    def find(self, variant: Variant) -> ProcessGroup:
        try:
            return self.running[variant.name]
        except KeyError:
            raise VariantError(f"{variant.name} was never started") from None

    def state(self, variant: Variant) -> VariantState:
        if variant.name in self.ended:
            return self.ended[variant.name][0]
        running = self.find(variant)
        status = running.process.poll()
        if status is None:
            status = running.exit_status()
        if status is None:
            return VariantState(running=True)
        if running.stopped_by:
            return VariantState(running=False, reason=running.stopped_by, at_limit=True)
        if fault := running.writes.fault or running.unread:
            return VariantState(running=False, reason=fault)
        return ended_with(status)

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
        fault = running.wait()
        self.ended[variant.name] = (self.state(variant), running.log_lines())
        del self.running[variant.name]
        self.ports.give_back(variant.name)
        if running.group is not None:
            remove(running.group.path)
        remove_tree(running.work)
        if fault:
            raise VariantError(f"{variant.name}: {fault}")
