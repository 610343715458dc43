"""Another release of what holds an app's memory: begun as soon as a traced run names that."""

import threading
from collections.abc import Collection
from dataclasses import dataclass, field, replace

from lab.app.release import NoRelease
from lab.causes.diagnosis import Diagnosis, diagnosis_of
from lab.causes.holders import HolderFinding
from lab.causes.releases import asks_for_release
from lab.commands.app_runs.other_releases import NOT_HERE, ReleaseSource
from lab.commands.app_runs.plan import AppRunPlan
from lab.records.interventions import Intervention, InterventionPlan
from lab.store.run_folder import RunFolder


@dataclass
class ReleaseRun:
    """The one run with another release, and of what it is; asked for on threads."""

    releases: ReleaseSource | None
    change: Intervention | None = None
    """None: none is there so far."""
    held_by: str | None = None
    """The package that the release is of; None for Python."""
    refused: str | None = None
    """Why none can be had."""
    guard: threading.Lock = field(default_factory=threading.Lock)

    def prepare(self, plan: AppRunPlan, holder: HolderFinding) -> AppRunPlan | None:
        """The plan with the app in a release that ends this holder's leak, perhaps; None where
        there is none, which `refused` explains.
        """
        if self.releases is None:
            self.refused = NOT_HERE
            return None
        try:
            plan, self.change = self.releases.added(plan, holder)
        except NoRelease as error:
            self.refused = str(error)
            return None
        self.held_by = package_of(holder)
        return plan

    def is_for(self, holder: HolderFinding | None) -> bool:
        """Whether there is a release of what this holder belongs to."""
        return self.change is not None and holder is not None and self.held_by == package_of(holder)

    def end(self) -> None:
        """Give up what is being installed."""
        if self.releases is not None:
            self.releases.end()


def package_of(holder: HolderFinding) -> str | None:
    return holder.culprit.name if holder.culprit is not None else None


def early_holder(
    plan: InterventionPlan, folder: RunFolder, traced: Collection[str]
) -> HolderFinding | None:
    """The package's holder that the traced runs so far name, while the verdict may ask for it.

    Args:
        plan: of the run.
        traced: the variants whose traced runs have ended.
    """
    ended = replace(plan, traced=tuple(name for name in plan.traced if name in traced))
    trials = folder.read_trials()
    diagnosis = diagnosis_of(ended, trials)
    is_judged = trials[plan.base][0].end is not None
    if is_judged and not asks_for_release(diagnosis):
        return None
    return diagnosis.holder if is_packages(diagnosis) else None


def is_packages(diagnosis: Diagnosis) -> bool:
    """Whether an installed package holds it: only its releases are known in so short a time."""
    return diagnosis.holder is not None and diagnosis.holder.culprit is not None
