"""One run of a suite: what is wanted, on which engine, and the record of it."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Collection, Coroutine, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

import uvloop
from rich.console import Console

from lab.commands.rebuild import rebuild
from lab.engines.protocol import Engine
from lab.errors import UsageError
from lab.matrix.compose_file import read_matrix, select
from lab.matrix.load_plan import plan_loads
from lab.measure.context import RunContext
from lab.measure.cooldown_rules import WAITS, Waits
from lab.measure.host import free_memory_bytes, host_info, lock_hashes
from lab.measure.order import longest_first, work_of
from lab.measure.progress import progress_for
from lab.measure.resume import folder_for, keep_finished
from lab.measure.scheduler import run_all
from lab.measure.slots import SlotPlan, Slots, plan_slots
from lab.records.codec import encode
from lab.records.experiment import SCHEMA_VERSION, Experiment
from lab.records.observations import End, EndKind, Variant
from lab.records.summary import Missing, Summary
from lab.settings import Settings, given_settings
from lab.stopping import wants_more
from lab.store.run_folder import RunFolder, check_writable
from lab.store.trial_log import read_trial
from lab.verdict.verdict import judge_trial


def split_missing(
    variants: tuple[Variant, ...], unbuilt: Mapping[str, str], plan: SlotPlan
) -> tuple[tuple[Variant, ...], tuple[Missing, ...]]:
    """Those that can be tried, and those that cannot, with the reason."""
    missing, ready = [], []
    for variant in variants:
        images = (variant.image, *(f"memlab-{need}" for need in variant.needs))
        reasons = [unbuilt[image] for image in images if image in unbuilt]
        if reasons:
            missing.append(Missing(variant.name, reasons[0]))
        elif variant.memory_limit_bytes > plan.budget_bytes:
            need, have = variant.memory_limit_bytes >> 20, plan.budget_bytes >> 20
            reason = f"it may need {need} MiB and the budget is {have} MiB: raise MEMORY_BUDGET"
            missing.append(Missing(variant.name, reason))
        else:
            ready.append(variant)
    return tuple(ready), tuple(missing)


def settings_record(settings: Settings) -> dict[str, str | int | float | bool | None]:
    found = encode(settings)
    return {**found, "variants": " ".join(settings.variants)}


def begin(
    settings: Settings,
    engine: Engine,
    variants: tuple[Variant, ...],
    missing: tuple[Missing, ...],
    plan: SlotPlan,
    root: Path,
) -> Experiment:
    return Experiment(
        schema_version=SCHEMA_VERSION,
        suite=settings.suite,
        started_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
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


def needs_more(raw_file: Path) -> bool:
    """Whether the verdict on the troughs so far asks for more load."""
    trial = read_trial(raw_file)
    if trial is None:
        return False
    so_far = replace(trial, end=End(EndKind.COMPLETE, time.time()))
    judged = judge_trial(so_far)
    forbidden = any(caveat.forbids for caveat in judged.caveats)
    return not forbidden and wants_more(judged.verdict, trial.start.blocks, len(trial.blocks))


def once(call: Callable[[], object]) -> Callable[[], None]:
    """Later calls do nothing: a second Ctrl-C may not cut the cleaning up short."""
    left = [call]

    def first() -> None:
        if left:
            left.pop()()

    return first


async def until_signal(job: Coroutine[Any, Any, None]) -> bool:
    """Conduct what is to be conducted; True when SIGINT or SIGTERM cut it short."""
    work = asyncio.ensure_future(job)
    with handled_by(once(work.cancel)), contextlib.suppress(asyncio.CancelledError):
        await work
    return work.cancelled()


@contextlib.contextmanager
def handled_by(interrupt: Callable[[], None]) -> Iterator[None]:
    """SIGINT and SIGTERM call `interrupt`; then they do again what they did before.

    A handler that stays on a closed loop swallows the Ctrl-C of whoever writes the report.
    """
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}
    for number in numbers:
        loop.add_signal_handler(number, interrupt)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
            signal.signal(number, before[number])


@dataclass(frozen=True, slots=True)
class Hooks:
    """What a suite has to say while it runs, from the raw files so far; by default nothing.

    Both are given the run's folder and the names of the variants that have run; they are called on
    a thread, never two at once.
    """

    again: Callable[[RunFolder, tuple[str, ...]], Collection[str]] = lambda *_: ()
    """Asked once, when all have run: which of them need one more trial."""
    told: Callable[[RunFolder, tuple[str, ...]], str | None] = lambda *_: None
    """Told after each: a line such as `claims decided 12 of 42`, without the time that is left."""


NO_HOOKS = Hooks()


def run_until_signal(job: Coroutine[Any, Any, None]) -> bool:
    """`until_signal` on a loop of its own."""
    runner = uvloop.new_event_loop()
    try:
        return bool(runner.run_until_complete(until_signal(job)))
    finally:
        runner.close()


def measure_suite(
    settings: Settings,
    engine: Engine,
    compose_file: Path,
    results: Path,
    console: Console,
    waits: Waits = WAITS,
    unbuilt: Mapping[str, str] | None = None,
    hooks: Hooks = NO_HOOKS,
) -> tuple[RunFolder, Summary]:
    """Measure the suite and write its report, whole or marked partial.

    Args:
        unbuilt: images that could not be had, with the reason.
        hooks: what the suite has to say meanwhile.

    Raises:
        UsageError: what was asked for cannot be run.
    """
    wanted = select(read_matrix(compose_file, given_settings()), settings)
    loads = plan_loads(wanted, settings)
    check_possible(settings, engine, results)
    plan = plan_slots(
        wanted,
        lanes=settings.lanes,
        budget_bytes=settings.memory_budget_bytes,
        free_bytes=free_memory_bytes(),
        cpus=os.cpu_count() or 1,
    )
    ready, missing = split_missing(wanted, unbuilt or {}, plan)
    experiment = begin(settings, engine, wanted, missing, plan, compose_file.parent)
    folder = folder_for(results, experiment, fresh=settings.fresh)
    try:
        kept = keep_finished(folder)
        if kept:
            console.print(f"going on with {folder.id}: {len(kept)} of its trials are kept")
        totals = {variant.name: loads[variant.name].requests for variant in ready}
        with progress_for(console, totals, work_of(ready, loads)) as progress:
            session = RunContext(
                engine=engine,
                settings=settings,
                lanes=Slots(plan),
                folder=folder,
                progress=progress,
                waits=waits,
                wants_more=needs_more,
                finished=kept,
                again=partial(hooks.again, folder),
                told=partial(hooks.told, folder),
            )
            complete(folder, session, longest_first(ready, loads))
        folder.keep_comparison()
        summary = rebuild(folder)
        folder.point_latest()
    finally:
        folder.release()
    return folder, summary


def check_possible(settings: Settings, engine: Engine, results: Path) -> None:
    """
    Raises:
        UsageError: results cannot be written, or trials cannot be fresh.
    """
    check_writable(results)
    if settings.trials > 1 and not engine.can_restart():
        raise UsageError(
            f"TRIALS={settings.trials} needs fresh containers, and a plain `compose up` ends when "
            "one is stopped: use make repro"
        )


def complete(folder: RunFolder, session: RunContext, variants: tuple[Variant, ...]) -> None:
    """Conduct what is left of a run and write down how long it took, interrupted or not."""
    experiment, started = folder.read_experiment(), time.monotonic()
    interrupted = run_until_signal(run_all(session, variants))
    elapsed = experiment.earlier_seconds + time.monotonic() - started
    folder.write_experiment(replace(experiment, elapsed_seconds=elapsed, interrupted=interrupted))
