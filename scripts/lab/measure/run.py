"""One run of a suite: its variants on one engine, and the folder with their raw files."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from lab.engines.protocol import Engine
from lab.errors import UsageError
from lab.matrix.load_plan import plan_loads
from lab.matrix.variants import read_matrix, select
from lab.measure.context import RunContext
from lab.measure.cooldown_rules import WAITS, Waits
from lab.measure.decider import NO_DECIDER, Decider
from lab.measure.host import free_memory_bytes, host_info, lock_hashes
from lab.measure.interruption import run_until_signal
from lab.measure.order import starting_order, work_of
from lab.measure.progress import progress_for
from lab.measure.resume import folder_for, keep_finished, kept_line
from lab.measure.scheduler import run_all
from lab.measure.slots import SlotPlan, Slots, plan_slots
from lab.records.codec import encode
from lab.records.experiment import SCHEMA_VERSION, Experiment, MissingVariant
from lab.records.variant import Variant
from lab.settings import Settings, given_settings
from lab.store.comparison import keep_comparison
from lab.store.layout import check_writable
from lab.store.run_folder import RunFolder
from lab.units import MIB


def split_missing(
    variants: tuple[Variant, ...], unbuilt: Mapping[str, str], plan: SlotPlan
) -> tuple[tuple[Variant, ...], tuple[MissingVariant, ...]]:
    """Variants that can be measured, and those that cannot, with the reason."""
    missing, ready = [], []
    for variant in variants:
        images = (variant.image, *(f"memlab-{need}" for need in variant.needs))
        reasons = [unbuilt[image] for image in images if image in unbuilt]
        if reasons:
            missing.append(MissingVariant(variant.name, reasons[0]))
        elif variant.memory_limit_bytes > plan.budget_bytes:
            need, have = variant.memory_limit_bytes // MIB, plan.budget_bytes // MIB
            reason = f"it may need {need} MiB and the budget is {have} MiB: raise MEMORY_BUDGET"
            missing.append(MissingVariant(variant.name, reason))
        else:
            ready.append(variant)
    return tuple(ready), tuple(missing)


def settings_record(settings: Settings) -> dict[str, str | int | float | bool | None]:
    lists = {"variants": " ".join(settings.variants), "fail_on": " ".join(settings.fail_on)}
    return {**encode(settings), **lists}


def begin(
    settings: Settings,
    engine: Engine,
    variants: tuple[Variant, ...],
    missing: tuple[MissingVariant, ...],
    plan: SlotPlan,
    root: Path,
) -> Experiment:
    return Experiment(
        schema_version=SCHEMA_VERSION,
        suite=settings.suite,
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        elapsed_seconds=None,
        interrupted=False,
        command=os.environ.get("LAB_COMMAND", "lab repro"),
        engine=engine.info(),
        host=host_info(),
        git_commit=os.environ.get("LAB_GIT_COMMIT") or None,
        settings=settings_record(settings),
        lanes=encode(plan),
        lock_hashes=lock_hashes(root / "images" / "locks"),
        variants=tuple(variant.name for variant in variants),
        missing=missing,
    )


@dataclass(frozen=True, slots=True)
class SuiteRun:
    """What a run of a suite needs."""

    settings: Settings
    engine: Engine
    compose_file: Path
    results: Path
    """The parent of the run's own folder."""
    unbuilt: Mapping[str, str] = field(default_factory=dict)
    """Images that could not be built, with the reason."""
    waits: Waits = WAITS


def measure_suite(run: SuiteRun, console: Console, decider: Decider = NO_DECIDER) -> RunFolder:
    """The folder with the raw files of a suite, whole or interrupted; nothing is derived yet.

    Raises:
        UsageError: the settings cannot be run.
    """
    settings = run.settings
    variants = select(read_matrix(run.compose_file, given_settings()), settings)
    loads = plan_loads(variants, settings)
    check_possible(settings, run.engine, run.results)
    plan = plan_for(variants, settings)
    ready, missing = split_missing(variants, run.unbuilt, plan)
    experiment = begin(settings, run.engine, variants, missing, plan, run.compose_file.parent)
    folder = folder_for(run.results, experiment, fresh=settings.fresh, resume=settings.resume)
    try:
        finished = keep_finished(folder)
        if finished:
            console.print(kept_line(folder, finished))
        totals = {variant.name: loads[variant.name].requests for variant in ready}
        with progress_for(console, totals, work_of(ready, loads)) as progress:
            context = RunContext(
                engine=run.engine,
                settings=settings,
                slots=Slots(plan),
                folder=folder,
                progress=progress,
                waits=run.waits,
                decider=decider,
                finished=finished,
            )
            complete(folder, context, starting_order(ready, loads))
        keep_comparison(folder)
    finally:
        folder.lock.release()
    return folder


def plan_for(variants: tuple[Variant, ...], settings: Settings) -> SlotPlan:
    """How many variants run at once on this machine, with the memory that is free now."""
    return plan_slots(
        variants,
        slots=settings.lanes,
        budget_bytes=settings.memory_budget_bytes,
        free_bytes=free_memory_bytes(),
        cpus=os.cpu_count() or 1,
    )


def check_possible(settings: Settings, engine: Engine, results: Path) -> None:
    """Refuse a run that cannot be measured here.

    Raises:
        UsageError: the results cannot be written, or the engine cannot start a second trial.
    """
    check_writable(results)
    if settings.trials > 1 and not engine.can_restart():
        raise UsageError(
            f"TRIALS={settings.trials} needs fresh containers, and a plain `compose up` ends when "
            "one is stopped: use make repro"
        )


def complete(folder: RunFolder, context: RunContext, variants: tuple[Variant, ...]) -> None:
    """Run the trials that are left and write down how long they took, interrupted or not."""
    experiment, started = folder.read_experiment(), time.monotonic()
    interrupted = run_until_signal(run_all(context, variants))
    elapsed = experiment.earlier_seconds + time.monotonic() - started
    folder.write_experiment(replace(experiment, elapsed_seconds=elapsed, interrupted=interrupted))
