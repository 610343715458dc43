"""Another release for an app in containers: asked for by one sitting, measured by the next.

The image is built by the host, between the two: the driver has neither the engine nor an index.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lab.app.interventions import release_change
from lab.app.release import NoRelease, is_newest, not_had
from lab.app.spec import AppSpec
from lab.causes.diagnosis import Diagnosis
from lab.causes.holders import HolderFinding
from lab.causes.releases import asks_for_release
from lab.commands.app_runs.other_releases import NOT_AGAIN, OFFLINE
from lab.commands.app_runs.plan import RERUN, AppRunPlan
from lab.commands.app_runs.run import AppRun
from lab.records.interventions import Intervention, InterventionPlan, Release
from lab.records.trial import Trial
from lab.settings import declared
from lab.store.run_folder import RunFolder
from lab.text.packages import canonical

LATER = "the run with its newest release did not take place"
OWN_IMAGE = "its newest release is tried in images that are built here: this one is not"
OWN_INDEX = "its newest release is tried by local processes alone, as index_url is set"
PYTHON_ALONE = "a newer Python is tried by local processes alone: ENGINE=process"
NO_SERVER = "another server is tried by local processes alone"


@dataclass(frozen=True, slots=True)
class ReleaseWish:
    """What one sitting asks for, and what became of it."""

    run: str
    """The run's name in the results."""
    package: str
    installed: str
    newest: str | None = None
    """The version that was built; None where there is none, or not yet."""
    refused: str | None = None
    """Why there is none."""


@dataclass(frozen=True, slots=True)
class LaterReleases:
    """The source of a first sitting, which has none yet."""

    spec: AppSpec
    given: Mapping[str, str]

    def added(self, plan: AppRunPlan, holder: HolderFinding) -> tuple[AppRunPlan, Intervention]:
        """No plan: raises NoRelease."""
        raise NoRelease(self.refusal(holder) or LATER)

    def served(self, plan: AppRunPlan) -> tuple[AppRunPlan, Intervention]:
        """No plan: raises NoRelease."""
        raise NoRelease(NO_SERVER)

    def end(self) -> None:
        """Do nothing: no installation is under way."""

    def refusal(self, holder: HolderFinding) -> str | None:
        """Why no release can be had for a holder; None where one may be."""
        if self.given.get(RERUN) == "1":
            return NOT_AGAIN
        if holder.culprit is None:
            return PYTHON_ALONE
        if declared.OFFLINE.read(self.given):
            return OFFLINE
        if self.spec.image is not None:
            return OWN_IMAGE
        return OWN_INDEX if self.spec.index_url else None

    def wish(self, folder: RunFolder, base: Trial, diagnosis: Diagnosis) -> ReleaseWish | None:
        """What is asked for after a run; None where nothing is, or it was interrupted."""
        holder = diagnosis.holder
        if holder is None or holder.culprit is None or self.refusal(holder) is not None:
            return None
        if not asks_for_release(diagnosis) or folder.read_experiment().interrupted:
            return None
        package = canonical(holder.culprit.name)
        versions = base.environment.packages if base.environment else {}
        installed = {canonical(name): version for name, version in versions.items()}.get(package)
        return ReleaseWish(folder.id, package, installed) if installed else None


@dataclass(frozen=True, slots=True)
class BuiltRelease:
    """The source of the sitting after: the one release that was built."""

    wish: ReleaseWish

    def added(self, plan: AppRunPlan, holder: HolderFinding) -> tuple[AppRunPlan, Intervention]:
        """The plan as it is, as its services have the variant already, and the change.

        Raises:
            NoRelease: none was built, or it is of another package.
        """
        wish = self.wish
        if wish.newest is None:
            raise NoRelease(wish.refused or LATER)
        if holder.culprit is None or canonical(holder.culprit.name) != wish.package:
            raise NoRelease(LATER)
        return plan, release_change(Release(holder.culprit.name, wish.installed, wish.newest))

    def served(self, plan: AppRunPlan) -> tuple[AppRunPlan, Intervention]:
        """No plan: raises NoRelease."""
        raise NoRelease(NO_SERVER)

    def end(self) -> None:
        """Do nothing: no installation is under way."""


def with_answer(wish: ReleaseWish, newest: str, reason: str) -> ReleaseWish:
    """The wish with the version that was built, where that is another one; else why not."""
    if not newest:
        return replace(wish, refused=not_had(wish.package, reason or "no reason"))
    if newest == wish.installed:
        return replace(wish, refused=is_newest(wish.package, newest))
    return replace(wish, newest=newest)


def measure_release(run: AppRun) -> Diagnosis:
    """The diagnosis with the release that was built, after an earlier sitting of the same run."""
    experiment = run.folder.read_experiment()
    tried = run.folder.read_interventions(InterventionPlan)
    assert tried is not None
    run.started -= experiment.elapsed_seconds or 0.0
    run.explaining.changes = tried.changes
    run.explaining.repetition = run.plan.repetition if tried.repetition else None
    with run.failures.telling("the run with another release"):
        tried = run.conduct_release(tried)
    return run.closed(tried, experiment)
