"""The last runs of a `make try`: another release of what holds its memory, another server."""

import json
from collections.abc import Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from lab.app.environment import prepare_app
from lab.app.installed_packages import distributions, with_point
from lab.app.interventions import release_change, server_change
from lab.app.layers import Stack, server
from lab.app.release import NewerEnvironment, NoRelease, newer_python, newest_release
from lab.app.requests import user_app_of
from lab.app.services import command_words, dollars, release_service, variant_name
from lab.app.spec import AppSpec
from lab.app.workdir import write_compose_file
from lab.causes.holders import HolderFinding
from lab.commands.app_runs.plan import RERUN, AppRunPlan
from lab.engines.process.environments import Installed
from lab.engines.process.uv import Uv
from lab.matrix.variants import read_matrix
from lab.records.interventions import Intervention
from lab.records.layers import NotExchanged
from lab.settings import declared
from lab.text.packages import canonical

if TYPE_CHECKING:
    from lab.engines.process.engine import ProcessEngine

NOT_HERE = "its newest release is tried by local processes alone: ENGINE=process"
CUT_SHORT = "the run with its newest release was interrupted"
OFFLINE = "its newest release was not tried: OFFLINE=1"
NOT_AGAIN = "its newest release is not tried again by make verify"


class ReleaseSource(Protocol):
    """Where other releases can be had for an app."""

    def added(self, plan: AppRunPlan, holder: HolderFinding) -> tuple[AppRunPlan, Intervention]:
        """The plan with the app in another release, and that change; raises NoRelease."""

    def served(self, plan: AppRunPlan) -> tuple[AppRunPlan, Intervention]:
        """The plan with the app behind another server, and that change; raises LabError."""

    def end(self) -> None:
        """Give up what is being installed; `added` raises CancelledError then."""


def say_nothing(_: str) -> None:
    """Say nothing: the run's own progress shows it already."""


@dataclass
class LocalReleases:
    """Other releases for an app that runs as local processes; `end` may come on another thread."""

    spec: AppSpec
    installed: Installed
    engine: "ProcessEngine"
    given: Mapping[str, str]
    environments: Path
    work: Path
    uv: Uv | None = None
    """Which installs a release at the moment."""
    is_ended: bool = False

    def end(self) -> None:
        """End what is being installed, and install no more."""
        self.is_ended = True
        if self.uv is not None:
            self.uv.end()

    def added(self, plan: AppRunPlan, holder: HolderFinding) -> tuple[AppRunPlan, Intervention]:
        """The plan with the app in another release, and that change.

        Raises:
            NoRelease: there is none to try; says why.
        """
        if self.given.get(RERUN) == "1":
            raise NoRelease(NOT_AGAIN)
        newer = self.newer(holder)
        change = release_change(newer.release)
        return self.with_change(plan, change, newer.installed), change

    def served(self, plan: AppRunPlan) -> tuple[AppRunPlan, Intervention]:
        """The plan with the app behind another server, and that change.

        Raises:
            LabError: no other server is known for its command, or none installs beside the rest.
        """
        if self.given.get(RERUN) == "1":
            raise NoRelease(NOT_AGAIN)
        packages = distributions(self.installed.python)
        versions = {name: each.version for name, each in packages.items()}
        exchange = server(Stack(self.spec, versions, None, ()))
        if isinstance(exchange, NotExchanged) or exchange.command is None or self.spec.workers > 1:
            raise NoRelease("no other server is known for the command")
        installed = self.installed
        if exchange.requirement is not None:
            held = with_point(self.spec, packages, exchange.requirement, set())
            installed = prepare_app(held, self.environments, say_nothing)
        change = server_change(exchange.line, exchange.command)
        return self.with_change(plan, change, installed), change

    def with_change(
        self, plan: AppRunPlan, change: Intervention, installed: Installed
    ) -> AppRunPlan:
        """The plan with one more variant, in an environment of its own."""
        name, image = variant_name(self.spec, change), f"memlab-{variant_name(self.spec, change)}"
        self.engine.add_environment(image, installed)
        file = self.engine.sources.compose_file
        document = json.loads(file.read_text(encoding="utf-8"))
        words = command_words(replace(self.spec, command=change.command or self.spec.command))
        beside = {
            **document["services"][plan.base.name],
            "command": [dollars(word) for word in words],
        }
        document["services"][name] = release_service(beside, image)
        write_compose_file(file, document["services"])
        variants = {variant.name: variant for variant in read_matrix(file, self.given)}
        user_apps = {**plan.user_apps, name: user_app_of(self.spec)}
        return replace(plan, variants=variants, user_apps=user_apps)

    def newer(self, holder: HolderFinding) -> NewerEnvironment:
        if holder.culprit is not None:
            if declared.OFFLINE.read(self.given):
                raise NoRelease(OFFLINE)
            name = holder.culprit.name
            self.uv = Uv(self.environments.absolute())
            if self.is_ended:
                raise CancelledError
            folder = self.work / "newest" / canonical(name)
            return newest_release(self.spec, name, self.installed, self.uv, folder)
        return newer_python(self.spec, self.environments, say_nothing)
