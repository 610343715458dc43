"""One `make try`: the app as it is, then what would prove its causes, side by side."""

import json
import os
import shutil
import time
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from rich.console import Console

from lab.app.interventions import applied, interventions_for
from lab.app.requests import user_app_of
from lab.app.services import SUITE, base_name, control_name, native_name, traced_name, variant_name
from lab.app.spec import AppSpec
from lab.causes.diagnosis import Diagnosis, diagnosis_of, needs_tracing, suspects
from lab.causes.interventions import worth_trying
from lab.commands.app_failures import advice_for
from lab.commands.decider import RunDecider
from lab.commands.rebuild import rebuild
from lab.engines.protocol import Engine
from lab.errors import LabError, UsageError
from lab.load.request_mix import UserApp
from lab.matrix.compose_file import read_matrix
from lab.measure.context import RunContext
from lab.measure.cooldown_rules import WAITS, Waits
from lab.measure.host import free_memory_bytes
from lab.measure.interruption import run_until_signal
from lab.measure.progress import progress_for
from lab.measure.run import begin
from lab.measure.scheduler import conduct, side_by_side
from lab.measure.slots import SlotPlan, Slots, plan_slots
from lab.paths import ROOT
from lab.records.codec import encode
from lab.records.experiment import Experiment
from lab.records.interventions import Intervention, InterventionPlan
from lab.records.trial import EndKind, Trial
from lab.records.variant import Variant
from lab.settings import Settings
from lab.store.run_folder import RunFolder, check_writable
from lab.store.trial_log import read_trial

USER_APP_WAITS = replace(WAITS, ready_seconds=60.0)
LOG_LINES = 6


@dataclass(frozen=True, slots=True)
class AppRunPlan:
    """What may be run of one app."""

    description: AppSpec
    variants: Mapping[str, Variant]
    """By their names, as the compose file that was written for this run says."""
    changes: tuple[Intervention, ...]
    user_apps: Mapping[str, UserApp]

    @property
    def base(self) -> Variant:
        return self.variants[base_name(self.description)]

    @property
    def beside(self) -> Variant:
        return self.variants[control_name(self.description)]

    def changed(self, change: Intervention) -> Variant:
        return self.variants[variant_name(self.description, change)]


def plan_of(
    description: AppSpec, compose_file: Path, values: Mapping[str, str], jemalloc: str | None
) -> AppRunPlan:
    """
    Raises:
        UsageError: the description or the file cannot be used.
    """
    changes = interventions_for(description, jemalloc)
    variants = {variant.name: variant for variant in read_matrix(compose_file, values)}
    user_apps = {name: user_app_of(description) for name in variants}
    for change in changes:
        user_apps[variant_name(description, change)] = user_app_of(applied(description, change))
    return AppRunPlan(description, variants, changes, user_apps)


def settings_of(description: AppSpec, settings: Settings) -> Settings:
    """What the description says stands above the settings, which are the matrix' own."""
    return replace(
        settings,
        suite=SUITE,
        variants=("*",),
        trials=1,
        requests=description.count,
        concurrency=description.concurrency,
        blocks=description.blocks,
        workers=description.workers,
        probes=description.probes,
        matters_bytes=description.matters_bytes or settings.matters_bytes,
    )


class AppRun:
    """One app under way."""

    def __init__(
        self,
        plan: AppRunPlan,
        settings: Settings,
        engine: Engine,
        folder: RunFolder,
        console: Console,
        waits: Waits,
    ) -> None:
        self.plan, self.engine, self.folder, self.console = plan, engine, folder, console
        self.settings = settings_of(plan.description, settings)
        self.waits, self.slot_plan = waits, slots_for(plan, settings)
        self.started = time.monotonic()
        self.interrupted = False
        self.chosen: tuple[Intervention, ...] = ()

    def conduct(self, variants: Sequence[Variant]) -> None:
        """All of them side by side, once."""
        names = {variant.name: self.requests_of(variant) for variant in variants}
        with progress_for(self.console, names) as progress:
            context = RunContext(
                self.engine,
                self.settings,
                Slots(self.slot_plan),
                self.folder,
                progress,
                self.waits,
                decider=RunDecider(),
                user_apps=self.plan.user_apps,
            )
            trials: list[Coroutine[Any, Any, None]] = [
                conduct(context, variant, 1) for variant in variants
            ]
            self.interrupted = run_until_signal(side_by_side(trials))

    def requests_of(self, variant: Variant) -> int:
        return variant.load.requests or self.settings.requests

    def trial(self, variant: Variant) -> Trial | None:
        path = self.folder.path / "samples" / variant.name / "1.jsonl"
        return read_trial(path) if path.exists() else None

    def write_experiment(self, experiment: Experiment, *, done: bool) -> None:
        beside = (self.plan.beside,) if self.chosen else ()
        changed = (self.plan.changed(change) for change in self.chosen)
        names = (self.plan.base, *beside, *changed)
        elapsed = time.monotonic() - self.started if done else None
        self.folder.write_experiment(
            replace(
                experiment,
                variants=tuple(variant.name for variant in names),
                elapsed_seconds=elapsed,
                interrupted=self.interrupted,
            )
        )

    def run(self) -> Diagnosis:
        """The app as it is; when it grows, what its ledger makes plausible beside it once more.

        Raises:
            LabError: it could not be measured; says why, with the end of its log.
        """
        base, root = self.plan.base, ROOT
        experiment = begin(self.settings, self.engine, (base,), (), self.slot_plan, root)
        self.write_experiment(experiment, done=False)
        self.conduct([base])
        causes = suspects(self.measured(base))
        self.chosen = worth_trying(causes, self.plan.changes) if not self.interrupted else ()
        traces = self.plan.description.probes and needs_tracing(causes)
        tried = self.tried(traces and not self.interrupted)
        self.folder.write_interventions(json.dumps(encode(tried), indent=1) + "\n")
        if tried.changes or tried.traced:
            self.ask_further(tried)
        self.write_experiment(experiment, done=not self.interrupted)
        rebuild(self.folder)
        self.folder.point_latest()
        return diagnosis_of(tried, self.folder.read_trials())

    def tried(self, traces: bool) -> InterventionPlan:
        description = self.plan.description
        names = (traced_name(description), native_name(description)) if traces else ()
        traced = tuple(name for name in names if name in self.plan.variants)
        base = base_name(description)
        return InterventionPlan(
            description.name, base, control_name(description), traced, self.chosen
        )

    def ask_further(self, tried: InterventionPlan) -> None:
        names = [change.name for change in tried.changes]
        names += [name.removeprefix(f"{tried.base}-") for name in tried.traced]
        self.console.print(f"it grows: trying {', '.join(names)} beside it", soft_wrap=True)
        chosen = [self.plan.beside] if tried.changes else []
        chosen += [self.plan.changed(change) for change in tried.changes]
        self.conduct([*chosen, *(self.plan.variants[name] for name in tried.traced)])

    def measured(self, base: Variant) -> Trial:
        """Its trial; what never came to a baseline leaves nothing behind but one clear line."""
        trial = self.trial(base)
        ended = trial.end if trial else None
        if trial is not None and (trial.blocks or self.interrupted):
            return trial
        shutil.rmtree(self.folder.path, ignore_errors=True)
        kind = ended.kind if ended else EndKind.FAILED
        reason = ended.reason if ended else "it did not start"
        raise LabError(with_log(advice_for(kind, reason, self.plan.description), ended))


def with_log(message: str, ended: Any) -> str:
    lines = ended.log_tail[-LOG_LINES:] if ended else ()
    return message + "".join(f"\n  | {line}" for line in lines)


def slots_for(plan: AppRunPlan, settings: Settings) -> SlotPlan:
    found = plan_slots(
        tuple(plan.variants.values()),
        lanes=settings.lanes,
        budget_bytes=settings.memory_budget_bytes,
        free_bytes=free_memory_bytes(),
        cpus=os.cpu_count() or 1,
    )
    need = plan.base.memory_limit_bytes
    if need > found.budget_bytes:
        raise UsageError(
            f"{plan.description.file}: memory = {need >> 20}m is more than the budget of "
            f"{found.budget_bytes >> 20} MiB: lower it, or raise MEMORY_BUDGET"
        )
    return found


def run_app(
    plan: AppRunPlan,
    settings: Settings,
    engine: Engine,
    results: Path,
    console: Console,
    waits: Waits = USER_APP_WAITS,
) -> tuple[RunFolder, Diagnosis]:
    """Measure an app; its run's folder and the answer.

    Raises:
        LabError: it could not be measured.
    """
    check_writable(results)
    slots_for(plan, settings)
    stamp = datetime.now(timezone.utc).strftime("%Y%m%d-%H%M%S")
    folder = RunFolder.create(results, f"{stamp}-{SUITE}-{plan.description.name}")
    under_way = AppRun(plan, settings, engine, folder, console, waits)
    return folder, under_way.run()
