"""One `make try`: the app as it is, then what would prove its causes, side by side."""

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from lab.app.release import NoRelease
from lab.app.services import base_name, control_name
from lab.causes.causes import Plausible
from lab.causes.diagnosis import (
    Diagnosis,
    diagnosis_of,
    needs_native_tracing,
    needs_tracing,
    suspects,
)
from lab.causes.early import early_suspects
from lab.causes.interventions import needs_control, worth_trying
from lab.causes.releases import asks_for_release
from lab.commands.app_early import Asks, conduct_once, judge_and_explain
from lab.commands.app_failures import with_log, without_trial
from lab.commands.app_folder import app_folder_for, go_on
from lab.commands.app_limit import again, shortened, within
from lab.commands.app_pace import paced
from lab.commands.app_plan import AppRunPlan, settings_of, slots_for
from lab.commands.decider import RunDecider
from lab.commands.rebuild import rebuild
from lab.commands.try_release import CUT_SHORT, NOT_HERE, Releases
from lab.engines.protocol import Engine
from lab.errors import LabError
from lab.measure.budget import Budget
from lab.measure.context import RunContext
from lab.measure.cooldown_rules import WAITS, Waits
from lab.measure.interruption import run_until_signal
from lab.measure.progress import Progress, progress_for
from lab.measure.run import begin
from lab.measure.scheduler import conduct, side_by_side
from lab.measure.slots import Slots
from lab.paths import ROOT
from lab.records.experiment import Experiment
from lab.records.interventions import Intervention, InterventionPlan
from lab.records.trial import Trial
from lab.records.variant import Variant
from lab.settings import Settings
from lab.store.run_folder import RunFolder
from lab.store.trial_reader import read_trial
from lab.text.phrases import in_mib
from lab.verdict.limit import LimitMet, limit_met


@dataclass(frozen=True, slots=True)
class AppRunInput:
    """What a run of a user app is made of."""

    plan: AppRunPlan
    settings: Settings
    engine: Engine
    results: Path
    """The folder that gets the run's own folder."""
    waits: Waits = WAITS
    """How long is waited, but for the answer of a starting app, which its description says."""
    releases: Releases | None = None
    """Where other releases can be had; None where the run cannot add an environment."""


class AppRun:
    """One app under way."""

    def __init__(self, given: AppRunInput, folder: RunFolder, console: Console) -> None:
        self.plan, self.engine = given.plan, given.engine
        self.waits = replace(given.waits, ready_seconds=given.plan.spec.ready_seconds)
        self.folder, self.console = folder, console
        self.settings = settings_of(given.plan.spec, given.settings)
        self.slot_plan = slots_for(given.plan, given.settings)
        self.started = time.monotonic()
        self.interrupted = False
        self.changes: tuple[Intervention, ...] = ()
        self.tried: InterventionPlan | None = None
        """What ran beside the app as it is; None where nothing was asked for, or not yet."""
        self.releases = given.releases
        self.met: LimitMet | None = None
        self.again: Variant | None = None
        self.kept: frozenset[tuple[str, int]] = frozenset()

    def run(self) -> Diagnosis:
        """The app as it is; when it grows, the interventions that its causes call for.

        Raises:
            LabError: it could not be measured; says why, with the end of its log.
        """
        base = self.plan.base
        experiment = begin(self.settings, self.engine, (base,), (), self.slot_plan, ROOT)
        if self.settings.resume is not None:
            self.kept, experiment = go_on(self.folder, experiment, self.console)
        self.write_experiment(experiment, done=False)
        self.conduct_base(base)
        trial = self.measured(base)
        self.met = limit_met(trial)
        if self.met is not None and not self.interrupted:
            trial = self.repeat(trial, self.met)
        else:
            self.conduct_more_trials(base)
        tried = self.tried or self.choose_interventions(trial)
        self.folder.write_interventions(tried)
        if tried.changes or tried.traced:
            self.conduct_interventions(tried)
            tried = self.conduct_release(tried)
            self.folder.write_interventions(tried)
        self.write_experiment(experiment, done=not self.interrupted)
        rebuild(self.folder)
        self.folder.point_latest()
        return diagnosis_of(tried, self.folder.read_trials())

    def conduct(self, variants: Sequence[Variant]) -> None:
        """All of them side by side, once; but for those of an earlier sitting."""
        variants = [variant for variant in variants if (variant.name, 1) not in self.kept]
        totals = {variant.name: self.requests_of(variant) for variant in variants}
        with progress_for(self.console, totals) as progress:
            context = self.context_of(progress)
            trials = [conduct_once(context, variant) for variant in variants]
            self.interrupted = run_until_signal(side_by_side(trials))

    def conduct_more_trials(self, base: Variant) -> None:
        """The app as it is anew, one trial after the other, as TRIALS says."""
        every = range(2, self.settings.trials + 1)
        for number in [each for each in every if (base.name, each) not in self.kept]:
            if self.interrupted:
                return
            with progress_for(self.console, {base.name: self.requests_of(base)}) as progress:
                once = conduct(self.context_of(progress), base, number)
                self.interrupted = run_until_signal(once)

    def context_of(self, progress: Progress) -> RunContext:
        return RunContext(
            self.engine,
            self.settings,
            Slots(self.slot_plan),
            self.folder,
            progress,
            self.waits,
            decider=RunDecider(True, self.settings.rule),
            budget=Budget(self.settings.budget_seconds, time.monotonic()),
            user_apps=self.plan.user_apps,
        )

    def conduct_base(self, base: Variant) -> None:
        """The app as it is, and beside it what explains its growth, from its first blocks on."""
        if (base.name, 1) in self.kept:
            return
        with progress_for(self.console, {base.name: self.requests_of(base)}) as progress:
            context = replace(self.context_of(progress), judged=base.name)
            asks = Asks(self.early_variants, lambda: self.explaining(base), self.requests_of)
            self.interrupted = run_until_signal(judge_and_explain(context, base, asks))

    def early_variants(self, trial: Trial) -> list[Variant]:
        """What the trial so far would ask for."""
        causes = early_suspects(trial)
        return self.variants_of(worth_trying(causes, self.plan.changes), self.traced_for(causes))

    def explaining(self, base: Variant) -> list[Variant]:
        """What the verdict asks for; nothing yet of an app that met its memory limit."""
        trial = self.trial_of(base)
        if trial is None or not trial.blocks or limit_met(trial) is not None:
            return []
        self.tried = self.choose_interventions(trial)
        variants = self.variants_of(self.tried.changes, self.tried.traced)
        if variants:
            self.say_what_is_tried(self.tried)
        return variants

    def trial_of(self, variant: Variant) -> Trial | None:
        path = self.folder.path / "samples" / variant.name / "1.jsonl"
        return read_trial(path) if path.exists() else None

    def repeat(self, trial: Trial, met: LimitMet) -> Trial:
        """The trial that is judged in place of one that met its limit; the same where it fails."""
        self.again = again(self.plan.again, trial, met, self.slot_plan.budget_bytes)
        limit, load = in_mib(self.again.memory_limit_bytes), self.requests_of(self.again)
        self.console.print(
            f"{met.sentence} Once more, with {limit} and {load:,} requests.", soft_wrap=True
        )
        self.conduct([self.again])
        repeated = self.trial_of(self.again)
        if repeated is None or not repeated.blocks:
            self.again = None
            return trial
        return repeated

    def fitting(self, variants: Sequence[Variant]) -> list[Variant]:
        """What explains, within the budget; with less load of a slow app, and below a limit."""
        budget_bytes = self.slot_plan.budget_bytes
        trial = self.trial_of(self.plan.base)
        fit = trial.fit if trial is not None else None
        variants = [paced(variant, fit) for variant in variants] if fit else variants
        if self.met is None or trial is None:
            return [within(variant, budget_bytes) for variant in variants]
        return [shortened(variant, trial, self.met, budget_bytes) for variant in variants]

    def requests_of(self, variant: Variant) -> int:
        return variant.load.requests or self.settings.requests

    def measured(self, base: Variant) -> Trial:
        """Its trial; what never came to a baseline leaves nothing behind but one clear line."""
        trial = self.trial_of(base)
        if trial is not None and (trial.blocks or self.interrupted):
            return trial
        if self.settings.resume is None:
            shutil.rmtree(self.folder.path, ignore_errors=True)
        end = trial.end if trial else None
        raise LabError(with_log(without_trial(end, self.plan.spec), end))

    def choose_interventions(self, trial: Trial) -> InterventionPlan:
        """What is tried after the app as it is: nothing where it was interrupted."""
        causes = suspects(trial)
        traced = () if self.interrupted else self.traced_for(causes)
        self.changes = () if self.interrupted else worth_trying(causes, self.plan.changes)
        spec = self.plan.spec
        return InterventionPlan(
            spec.name,
            base_name(spec),
            control_name(spec),
            traced,
            self.changes,
            again=self.again.name if self.again else None,
        )

    def traced_for(self, causes: Sequence[Plausible]) -> tuple[str, ...]:
        """The traced runs that may name the holder; of C code only where that may be it."""
        if not self.plan.spec.probes or not needs_tracing(causes):
            return ()
        return self.plan.traced if needs_native_tracing(causes) else self.plan.traced[:1]

    def conduct_interventions(self, tried: InterventionPlan) -> None:
        """What explains, where it has not run beside the app as it is."""
        if tried is self.tried:
            return
        self.say_what_is_tried(tried)
        self.conduct(self.variants_of(tried.changes, tried.traced))

    def say_what_is_tried(self, tried: InterventionPlan) -> None:
        names = [change.name for change in tried.changes]
        names += [name.removeprefix(f"{tried.base}-") for name in tried.traced]
        self.console.print(f"The app grows: trying {', '.join(names)}.", soft_wrap=True)

    def variants_of(self, changes: Sequence[Intervention], traced: Sequence[str]) -> list[Variant]:
        """The control run, the interventions and the traced runs."""
        variants = [self.plan.control] if needs_control(changes) else []
        variants += [self.plan.changed(change) for change in changes]
        variants += [self.plan.variants[name] for name in traced]
        return self.fitting(variants)

    def conduct_release(self, tried: InterventionPlan) -> InterventionPlan:
        """The plan with the newest release of what holds a leak, which ran; or why none did."""
        found = diagnosis_of(tried, self.folder.read_trials())
        if self.interrupted or not asks_for_release(found):
            return tried
        if self.releases is None or found.holder is None:
            return replace(tried, no_release=NOT_HERE)
        try:
            self.plan, change = self.releases.added(self.plan, found.holder)
        except NoRelease as error:
            return replace(tried, no_release=str(error))
        self.console.print(f"Trying {change.line}.", soft_wrap=True)
        self.conduct(self.fitting([self.plan.changed(change)]))
        if self.interrupted:
            return replace(tried, no_release=CUT_SHORT)
        self.changes = (*self.changes, change)
        return replace(tried, changes=self.changes)

    def write_experiment(self, experiment: Experiment, *, done: bool) -> None:
        control = (self.plan.control,) if needs_control(self.changes) else ()
        changed = (self.plan.changed(change) for change in self.changes)
        again = (self.again,) if self.again else ()
        variants = (self.plan.base, *again, *control, *changed)
        elapsed = time.monotonic() - self.started if done else None
        self.folder.write_experiment(
            replace(
                experiment,
                variants=tuple(variant.name for variant in variants),
                elapsed_seconds=elapsed,
                interrupted=self.interrupted,
            )
        )


def run_app(given: AppRunInput, console: Console) -> tuple[RunFolder, Diagnosis]:
    """Measure an app; its run's folder and the answer.

    Raises:
        LabError: it could not be measured.
    """
    folder = app_folder_for(given.plan, given.settings, given.engine, given.results)
    try:
        return folder, AppRun(given, folder, console).run()
    finally:
        folder.lock.release()
