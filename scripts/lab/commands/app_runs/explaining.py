"""What explains the growth of one app: the runs that its trial asks for, and what they need."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lab.app.services import base_name, control_name
from lab.causes.causes import Plausible
from lab.causes.diagnosis import (
    diagnosis_of,
    needs_native_tracing,
    needs_tracing,
    suspects,
)
from lab.causes.early_suspects import early_suspects
from lab.causes.growth import Growth
from lab.causes.interventions import needs_control, worth_trying
from lab.causes.releases import asks_for_release, asks_for_server
from lab.commands.app_runs.early_runs import FollowedVariant
from lab.commands.app_runs.limit import shortened, with_limit_within
from lab.commands.app_runs.pace import paced
from lab.commands.app_runs.plan import AppRunPlan
from lab.commands.app_runs.release import ReleaseRun, early_holder
from lab.errors import LabError
from lab.records.interventions import Intervention, InterventionPlan
from lab.records.trial import EndKind, Trial
from lab.records.variant import Variant
from lab.store.run_folder import RunFolder
from lab.store.trial_reader import read_trial
from lab.verdict.limit import LimitMet


class Explaining:
    """The runs that explain, as far as the trials in the run's folder ask for them.

    Args:
        plan: of the app; with each release that is prepared it becomes another.
        folder: of the run.
        budget_bytes: of memory, for all that runs at once.
        release: what is known of another release so far.
    """

    def __init__(
        self, plan: AppRunPlan, folder: RunFolder, budget_bytes: int, release: ReleaseRun
    ) -> None:
        self.plan, self.folder, self.budget_bytes = plan, folder, budget_bytes
        self.release = release
        self.traced: frozenset[str] = frozenset()
        """Traced runs that have ended beside the app as it is."""
        self.changes: tuple[Intervention, ...] = ()
        self.met: LimitMet | None = None
        self.repetition: Variant | None = None
        """The app once more, where it met its memory limit."""

    def early_variants(self, trial: Trial) -> list[Variant]:
        """The variants that the trial so far asks for."""
        causes = early_suspects(trial)
        return self.variants_of(worth_trying(causes, self.plan.changes), self.traced_for(causes))

    def choose(self, trial: Trial) -> InterventionPlan:
        """The plan of what is tried of an app, by its trial."""
        causes = suspects(trial)
        self.changes = worth_trying(causes, self.plan.changes)
        chosen = self.plan_with(self.traced_for(causes))
        return replace(chosen, apart=self.plan.apart) if Growth(trial).leaks else chosen

    def plan_with(self, traced: tuple[str, ...]) -> InterventionPlan:
        spec, repetition = self.plan.spec, self.repetition.name if self.repetition else None
        names = spec.name, base_name(spec), control_name(spec)
        return InterventionPlan(*names, traced, self.changes, repetition=repetition)

    def traced_for(self, causes: Sequence[Plausible]) -> tuple[str, ...]:
        """The traced runs that may name the holder; of C code only where that may be it."""
        if not self.plan.spec.probes or not needs_tracing(causes):
            return ()
        return self.plan.traced if needs_native_tracing(causes) else self.plan.traced[:1]

    def unchanged_of(self, tried: InterventionPlan) -> list[Variant]:
        """The variants of a plan in which nothing is changed: traced, of one kind, the control."""
        control = [self.plan.control] if needs_control(tried.changes) else []
        names = (*tried.traced, *(each.variant for each in tried.apart))
        return control + [self.plan.variants[name] for name in names]

    def variants_for(self, tried: InterventionPlan) -> list[Variant]:
        """The variants of a plan beside the app as it is."""
        alone = [self.plan.variants[each.variant] for each in tried.apart]
        return self.variants_of(tried.changes, tried.traced) + self.fitting(alone)

    def variants_of(self, changes: Sequence[Intervention], traced: Sequence[str]) -> list[Variant]:
        """The control run, the interventions and the traced runs."""
        variants = [self.plan.control] if needs_control(changes) else []
        variants += [self.plan.changed(change) for change in changes]
        variants += [self.plan.variants[name] for name in traced]
        return self.fitting(variants)

    def fitting(self, variants: Sequence[Variant]) -> list[Variant]:
        """The variants with limits that the budget holds, and with less load for a slow app or
        below a limit that was met."""
        trial = self.trial_of(self.plan.base)
        fit = trial.fit if trial is not None else None
        variants = [paced(variant, fit) for variant in variants] if fit else variants
        if self.met is None or trial is None:
            return [with_limit_within(variant, self.budget_bytes) for variant in variants]
        return [shortened(variant, trial, self.met, self.budget_bytes) for variant in variants]

    def trial_of(self, variant: Variant) -> Trial | None:
        """A variant's trial, complete or not; None before it has begun."""
        path = self.raw_file(variant)
        return read_trial(path) if path.exists() else None

    def raw_file(self, variant: Variant) -> Path:
        return self.folder.path / "samples" / variant.name / "1.jsonl"

    def release_after(self, ended: Variant) -> FollowedVariant | None:
        """The app with another release of what holds it, as soon as a traced run names that."""
        with self.release.guard:
            if ended.name not in self.plan.traced or self.release.change is not None:
                return None
            self.traced = self.traced | {ended.name}
            holder = early_holder(self.plan_with(self.plan.traced), self.folder, self.traced)
            plan = None if holder is None else self.release.prepare(self.plan, holder)
            if plan is None or self.release.change is None:
                return None
            self.plan = plan
            # An install takes long: the verdict may have come meanwhile, and ask for none.
            holder = early_holder(self.plan_with(self.plan.traced), self.folder, self.traced)
            if not self.release.is_for(holder):
                return None
            (variant,) = self.fitting([plan.changed(self.release.change)])
            return FollowedVariant(variant, plan.user_apps)

    def release_begun(self, tried: InterventionPlan) -> list[Variant]:
        """The run with another release that has begun, where the verdict asks for it, too.

        Only then one that is being prepared is waited for.
        """
        if not self.asks_for_release(tried):
            return []
        with self.release.guard:
            if self.release.change is None:
                return []
            diagnosis = diagnosis_of(tried, self.folder.read_trials())
            if not asks_for_release(diagnosis) or not self.release.is_for(diagnosis.holder):
                return []
            return [self.plan.changed(self.release.change)]

    def asks_for_release(self, tried: InterventionPlan) -> bool:
        """Whether another release of what holds the memory is due."""
        diagnosis = diagnosis_of(tried, self.folder.read_trials())
        return diagnosis.holder is not None and asks_for_release(diagnosis)

    def release_that_ran(self, tried: InterventionPlan) -> Intervention | None:
        """The other release of what holds the memory, whose run is complete; None without one."""
        change = self.release.change
        trial = None if change is None else self.trial_of(self.plan.changed(change))
        end = None if trial is None else trial.end
        if end is None or end.kind is not EndKind.COMPLETE:
            return None
        holder = diagnosis_of(tried, self.folder.read_trials()).holder
        return change if self.release.is_for(holder) else None

    def release_for(self, tried: InterventionPlan) -> Intervention | None:
        """Another release of what holds a leak after all; None where nothing asks for it, or
        none can be had. One that ran for another holder is set aside.
        """
        diagnosis = diagnosis_of(tried, self.folder.read_trials())
        holder, begun = diagnosis.holder, self.release.change
        asked = holder is not None and asks_for_release(diagnosis)
        if begun is not None and not (asked and self.release.is_for(holder)):
            self.folder.set_aside(self.plan.changed(begun).name, 1)
        if holder is None or not asked:
            self.release.refused = None
            return None
        if not self.release.is_for(holder):
            plan = self.release.prepare(self.plan, holder)
            if plan is None:
                return None
            self.plan = plan
        return self.release.change

    def server_for(self, tried: InterventionPlan) -> Intervention | None:
        """Another server where the server's own code holds a leak; None where none can be had."""
        releases = self.release.releases
        diagnosis = diagnosis_of(tried, self.folder.read_trials())
        if releases is None or not asks_for_server(diagnosis):
            return None
        try:
            self.plan, change = releases.served(self.plan)
        except LabError:
            return None
        return change
