"""One run of a suite: what is wanted, on which engine, and the record of it."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import uvloop
from rich.console import Console

from lab.codec import encode
from lab.conductor import conduct_all
from lab.engines import Engine
from lab.errors import UsageError
from lab.experiment import SCHEMA_VERSION, Experiment
from lab.lanes import LanePlan, Lanes, plan_lanes
from lab.load_plan import plan_loads
from lab.matrix import read_matrix, select
from lab.metadata import free_memory_bytes, host_info, lock_hashes
from lab.model import End, EndKind, Variant
from lab.progress import progress_for
from lab.quiet import WAITS, Waits
from lab.rebuild import rebuild
from lab.settings import Settings, given_settings
from lab.store import RunFolder, check_writable, read_trial
from lab.summary import Missing, Summary, Verdict
from lab.trial_run import Session
from lab.verdict import judge_trial


def split_missing(
    variants: tuple[Variant, ...], unbuilt: Mapping[str, str], plan: LanePlan
) -> tuple[tuple[Variant, ...], tuple[Missing, ...]]:
    """Those that can be tried, and those that cannot, with the reason."""
    missing, ready = [], []
    for variant in variants:
        if variant.image in unbuilt:
            missing.append(Missing(variant.name, unbuilt[variant.image]))
        elif variant.memory_limit_bytes > plan.budget_bytes:
            need, have = variant.memory_limit_bytes >> 20, plan.budget_bytes >> 20
            reason = f"it may need {need} MiB and the budget is {have} MiB: raise MEMORY_BUDGET"
            missing.append(Missing(variant.name, reason))
        else:
            ready.append(variant)
    return tuple(ready), tuple(missing)


def settings_record(settings: Settings) -> dict[str, str | int | float | None]:
    found = encode(settings)
    return {**found, "variants": " ".join(settings.variants)}


def begin(
    settings: Settings,
    engine: Engine,
    variants: tuple[Variant, ...],
    missing: tuple[Missing, ...],
    plan: LanePlan,
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


def undecided(raw_file: Path) -> bool:
    """Whether the troughs of a trial that could go on decide nothing so far."""
    trial = read_trial(raw_file)
    if trial is None:
        return False
    so_far = replace(trial, end=End(EndKind.COMPLETE, time.time()))
    judged = judge_trial(so_far)
    forbidden = any(caveat.forbids for caveat in judged.caveats)
    return judged.verdict is Verdict.INCONCLUSIVE and not forbidden


def once(call: Callable[[], object]) -> Callable[[], None]:
    """Later calls do nothing: a second Ctrl-C may not cut the cleaning up short."""
    left = [call]

    def first() -> None:
        if left:
            left.pop()()

    return first


async def until_signal(session: Session, variants: tuple[Variant, ...]) -> bool:
    """Conduct all variants; True when SIGINT or SIGTERM cut it short."""
    loop = asyncio.get_running_loop()
    work = asyncio.ensure_future(conduct_all(session, variants))
    interrupt = once(work.cancel)
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupt)
    with contextlib.suppress(asyncio.CancelledError):
        await work
    return work.cancelled()


def conduct_run(
    settings: Settings,
    engine: Engine,
    compose_file: Path,
    results: Path,
    console: Console,
    waits: Waits = WAITS,
    unbuilt: Mapping[str, str] | None = None,
) -> tuple[RunFolder, Summary]:
    """Measure the suite and write its report, whole or marked partial.

    Args:
        unbuilt: images that could not be had, with the reason.

    Raises:
        UsageError: what was asked for cannot be run.
    """
    values = given_settings()
    wanted = select(read_matrix(compose_file, values), settings)
    loads = plan_loads(wanted, settings)
    check_writable(results)
    if settings.trials > 1 and not engine.can_restart():
        raise UsageError(
            f"TRIALS={settings.trials} needs fresh containers, and a plain `compose up` ends when "
            "one is stopped: use make repro"
        )
    plan = plan_lanes(
        wanted,
        lanes=settings.lanes,
        budget_bytes=settings.memory_budget_bytes,
        free_bytes=free_memory_bytes(),
        cpus=os.cpu_count() or 1,
    )
    ready, missing = split_missing(wanted, unbuilt or {}, plan)
    experiment = begin(settings, engine, wanted, missing, plan, compose_file.parent)
    stamp = datetime.now(timezone.utc).strftime("%Y%m%d-%H%M%S")
    folder = RunFolder.create(results, f"{stamp}-{settings.suite}")
    folder.write_experiment(experiment)
    started = time.monotonic()
    totals = {variant.name: loads[variant.name].requests for variant in ready}
    with progress_for(console, totals) as progress:
        session = Session(engine, settings, Lanes(plan), folder, progress, waits, undecided)
        runner = uvloop.new_event_loop()
        try:
            interrupted = runner.run_until_complete(until_signal(session, ready))
        finally:
            runner.close()
    elapsed = time.monotonic() - started
    folder.write_experiment(replace(experiment, elapsed_seconds=elapsed, interrupted=interrupted))
    folder.keep_comparison()
    summary = rebuild(folder)
    folder.point_latest()
    return folder, summary
