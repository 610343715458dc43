"""One `make try`: the app as it is, then what would prove its causes, side by side."""

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from lab.causes.diagnosis import Diagnosis, diagnosis_of
from lab.causes.interventions import needs_control
from lab.commands.app_runs.early_runs import Asks, conduct_once, judge_and_explain
from lab.commands.app_runs.explaining import Explaining
from lab.commands.app_runs.failures import with_log, without_trial
from lab.commands.app_runs.folder import app_folder_for, go_on
from lab.commands.app_runs.limit import repetition_of
from lab.commands.app_runs.other_releases import CUT_SHORT, ReleaseSource
from lab.commands.app_runs.plan import AppRunPlan, settings_of, slots_for
from lab.commands.app_runs.release import ReleaseRun
from lab.commands.app_runs.run_contexts import RunContexts
from lab.commands.app_runs.told_failures import ToldFailures, tell_verdict
from lab.commands.rebuild import rebuild
from lab.engines.protocol import Engine
from lab.errors import LabError
from lab.measure.context import RunContext
from lab.measure.cooldown_rules import WAITS, Waits
from lab.measure.interruption import run_until_signal
from lab.measure.progress import RunProgress, progress_for
from lab.measure.run import begin
from lab.measure.scheduler import conduct, side_by_side
from lab.paths import ROOT
from lab.records.experiment import Experiment
from lab.records.interventions import InterventionPlan
from lab.records.trial import Trial
from lab.records.variant import Variant
from lab.settings import Settings
from lab.store.raw_room import TYPICAL_BYTES
from lab.store.run_folder import RunFolder
from lab.text.phrases import in_mib
from lab.verdict.limit import LimitMet, limit_met

OTHER_TRIALS = 30
"""The most trials that explain an app's growth: the room for raw files is shared among them."""


@dataclass(frozen=True, slots=True)
class AppRunInput:
    """What a run of a user app is made of."""

    plan: AppRunPlan
    settings: Settings
    engine: Engine
    results: Path
    """The folder that gets the run's own folder."""
    waits: Waits = WAITS
    """The longest waits; for the first answer of the app its description has its own."""
    releases: ReleaseSource | None = None
    """Where other releases can be had; None where the run cannot add an environment."""


class AppRun:
    """One app under way."""

    def __init__(self, given: AppRunInput, folder: RunFolder, console: Console) -> None:
        self.plan, self.engine = given.plan, given.engine
        self.folder, self.console = folder, console
        self.failures = ToldFailures(console)
        self.settings = settings_of(given.plan.spec, given.settings)
        self.slot_plan = slots_for(given.plan, given.settings)
        waits = replace(given.waits, ready_seconds=given.plan.spec.ready_seconds)
        what = given.plan.spec, given.engine, self.settings, self.slot_plan
        self.contexts = RunContexts(*what, folder, given.plan.compared, waits)
        self.started = time.monotonic()
        self.interrupted = False
        self.tried: InterventionPlan | None = None
        """What ran beside the app as it is; None where nothing was asked for, or not yet."""
        self.explaining = Explaining(
            given.plan, folder, self.slot_plan.budget_bytes, ReleaseRun(given.releases)
        )
        self.kept: frozenset[tuple[str, int]] = frozenset()

    def run(self) -> Diagnosis:
        """The diagnosis of the app as it is and, where it grows, of the changes that its causes ask
        for.

        Raises:
            LabError: it could not be measured; says why, with the end of its log.
        """
        base = self.plan.base
        experiment = begin(self.settings, self.engine, (base,), (), self.slot_plan, ROOT)
        if self.settings.resume is not None:
            self.kept, experiment = go_on(self.folder, experiment, self.console)
        self.write_experiment(experiment, done=False)
        self.folder.room.expect((self.settings.trials + OTHER_TRIALS) * TYPICAL_BYTES)
        self.conduct_base(base)
        trial = self.measured(base)
        met = self.explaining.met = limit_met(trial)
        if met is not None and not self.interrupted:
            trial = self.repeat(trial, met)
        else:
            self.conduct_more_trials(base)
        tried = self.tried or self.chosen(trial)
        self.folder.write_interventions(tried)
        if tried.changes or tried.traced or tried.apart:
            tried = self.explained(tried)
        return self.closed(tried, experiment)

    def explained(self, tried: InterventionPlan) -> InterventionPlan:
        """The plan with all that ran to explain the growth; what fails of it is told."""
        with self.failures.telling("what explains the growth"):
            self.conduct_interventions(tried)
        with self.failures.telling("the ends of what explains"):
            for variant in self.explaining.unchanged_of(tried):
                self.failures.tell_end(variant.name, self.explaining.trial_of(variant))
        with self.failures.telling("the run with another release"):
            tried = self.conduct_release(tried)
        with self.failures.telling("the run with another server"):
            tried = self.conduct_server(tried)
        return tried

    def closed(self, tried: InterventionPlan, experiment: Experiment) -> Diagnosis:
        """The diagnosis of all that ran, with the run's files written."""
        self.folder.write_interventions(tried)
        self.write_experiment(experiment, done=not self.interrupted)
        rebuild(self.folder)
        self.folder.point_latest()
        return diagnosis_of(tried, self.folder.read_trials())

    def conduct(self, variants: Sequence[Variant]) -> None:
        """Run all variants side by side, once, but for those that an earlier sitting finished."""
        variants = [variant for variant in variants if (variant.name, 1) not in self.kept]
        totals = {variant.name: self.requests_of(variant) for variant in variants}
        with progress_for(self.console, totals) as progress:
            context = self.context_of(progress)
            trials = [conduct_once(self.contexts.of(each, context), each) for each in variants]
            self.interrupted = run_until_signal(side_by_side(trials))

    def conduct_more_trials(self, base: Variant) -> None:
        """Run the app as it is again, one trial after the other, as often as TRIALS says."""
        every = range(2, self.settings.trials + 1)
        for number in [each for each in every if (base.name, each) not in self.kept]:
            if self.interrupted:
                return
            with progress_for(self.console, {base.name: self.requests_of(base)}) as progress:
                context = self.contexts.of(base, self.context_of(progress))
                self.interrupted = run_until_signal(conduct(context, base, number))

    def context_of(self, progress: RunProgress) -> RunContext:
        return self.contexts.made(progress, self.explaining.plan.user_apps, self.kept)

    def conduct_base(self, base: Variant) -> None:
        """Run the app as it is, and from its first blocks on what explains its growth."""
        if (base.name, 1) in self.kept:
            return
        with progress_for(self.console, {base.name: self.requests_of(base)}) as progress:
            context = replace(self.context_of(progress), judged=base.name)
            asks = Asks(
                self.explaining.early_variants,
                lambda: self.explaining_variants(base),
                self.requests_of,
                self.failures.tell,
                lambda: self.explaining.release_begun(self.tried) if self.tried else [],
                self.explaining.release_after,
                self.explaining.release.end,
            )
            waits = self.contexts.of(base, context).waits
            self.interrupted = run_until_signal(judge_and_explain(context, base, asks, waits))

    def explaining_variants(self, base: Variant) -> list[Variant]:
        """The variants that the verdict asks for; none yet where the app met its memory limit."""
        trial = self.explaining.trial_of(base)
        if trial is None or not trial.blocks or limit_met(trial) is not None:
            return []
        self.tried = self.chosen(trial)
        variants = self.explaining.variants_for(self.tried)
        if variants:
            self.say_what_is_tried(self.tried)
        else:
            self.explaining.release.end()
        return variants

    def chosen(self, trial: Trial) -> InterventionPlan:
        """The plan of what is tried after the app as it is: nothing where that was interrupted."""
        return self.explaining.plan_with(()) if self.interrupted else self.explaining.choose(trial)

    def requests_of(self, variant: Variant) -> int:
        return variant.load.requests or self.settings.requests

    def repeat(self, trial: Trial, met: LimitMet) -> Trial:
        """The trial that is judged in place of one that met its limit; the same where it fails."""
        once_more = repetition_of(self.plan.repetition, trial, met, self.slot_plan.budget_bytes)
        limit, load = in_mib(once_more.memory_limit_bytes), self.requests_of(once_more)
        self.console.print(
            f"{met.sentence} Once more, with {limit} and {load:,} requests.", soft_wrap=True
        )
        self.conduct([once_more])
        repeated = self.explaining.trial_of(once_more)
        if repeated is None or not repeated.blocks:
            return trial
        self.explaining.repetition = once_more
        return repeated

    def measured(self, base: Variant) -> Trial:
        """The trial of the app as it is; where it never came to a baseline, a LabError is raised
        and no run is kept."""
        trial = self.explaining.trial_of(base)
        if trial is not None and (trial.blocks or self.interrupted):
            return trial
        if self.settings.resume is None:
            shutil.rmtree(self.folder.path, ignore_errors=True)
        end = trial.end if trial else None
        raise LabError(with_log(without_trial(end, self.plan.spec), end))

    def conduct_interventions(self, tried: InterventionPlan) -> None:
        """Run the variants that explain, as far as they have not run beside the app as it is."""
        if tried is self.tried:
            return
        self.say_what_is_tried(tried)
        self.conduct(self.explaining.variants_for(tried))

    def say_what_is_tried(self, tried: InterventionPlan) -> None:
        names = [change.name for change in tried.changes]
        names += [name.removeprefix(f"{tried.base}-") for name in tried.traced]
        names += [f"{each.kind} alone" for each in tried.apart]
        self.console.print(f"The app grows: trying {', '.join(names)}.", soft_wrap=True)

    def conduct_release(self, tried: InterventionPlan) -> InterventionPlan:
        """The plan with the newest release of what holds a leak, which ran; or why none did."""
        if self.interrupted:
            return self.with_release_so_far(tried)
        change = self.explaining.release_for(tried)
        if change is None:
            return replace(tried, no_release=self.explaining.release.refused)
        variant = self.explaining.plan.changed(change)
        if self.explaining.trial_of(variant) is None:
            self.console.print(f"Trying {change.line}.", soft_wrap=True)
            self.conduct(self.explaining.fitting([variant]))
        if self.interrupted:
            return replace(tried, no_release=CUT_SHORT)
        self.explaining.changes = (*self.explaining.changes, change)
        return replace(tried, changes=self.explaining.changes)

    def with_release_so_far(self, tried: InterventionPlan) -> InterventionPlan:
        """The plan with the newest release where it had run, or that the run was cut short."""
        if not self.explaining.asks_for_release(tried):
            return tried
        change = self.explaining.release_that_ran(tried)
        if change is None:
            return replace(tried, no_release=self.explaining.release.refused or CUT_SHORT)
        self.explaining.changes = (*self.explaining.changes, change)
        return replace(tried, changes=self.explaining.changes)

    def conduct_server(self, tried: InterventionPlan) -> InterventionPlan:
        """The plan with another server, where the server's own code holds a leak, which ran."""
        change = None if self.interrupted else self.explaining.server_for(tried)
        if change is None:
            return tried
        self.console.print(f"Trying {change.line}.", soft_wrap=True)
        self.conduct(self.explaining.fitting([self.explaining.plan.changed(change)]))
        if self.interrupted:
            return tried
        self.explaining.changes = (*self.explaining.changes, change)
        return replace(tried, changes=self.explaining.changes)

    def write_experiment(self, experiment: Experiment, *, done: bool) -> None:
        explaining = self.explaining
        control = (self.plan.control,) if needs_control(explaining.changes) else ()
        changed = (explaining.plan.changed(change) for change in explaining.changes)
        repeated = (explaining.repetition,) if explaining.repetition else ()
        variants = (self.plan.base, *repeated, *control, *changed)
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
    """The run's folder and the diagnosis of an app that is measured now.

    Raises:
        LabError: it could not be measured, or its files not be written: its verdict is told then.
    """
    folder = app_folder_for(given.plan, given.settings, given.engine, given.results)
    run = AppRun(given, folder, console)
    try:
        return folder, run.run()
    except Exception:
        judged = run.explaining.repetition or given.plan.base
        tell_verdict(folder, judged.name, console)
        raise
    finally:
        folder.lock.release()
