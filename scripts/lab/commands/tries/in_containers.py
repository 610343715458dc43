"""`lab try` in the driver's own container, through the gate."""

import signal
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from lab.app.container_servers import servers_beside
from lab.app.described import RECORD, read_described, write_described
from lab.app.services import container_port
from lab.app.spec import AppSpec
from lab.app.workdir import COMPOSE_NAME
from lab.commands.app_runs.container_release import (
    BuiltRelease,
    LaterReleases,
    ReleaseWish,
    measure_release,
)
from lab.commands.app_runs.input import app_settings, given_app
from lab.commands.app_runs.plan import AppRunPlan, plan_of
from lab.commands.app_runs.run import AppRun, AppRunInput, run_app
from lab.commands.checks.container_check import CHECKED_GUESS, FAILURES, GuessFailed, checked_app
from lab.commands.tries.closing import CHECKED, close
from lab.commands.tries.release_image import WISH
from lab.commands.tries.services import container_allocators
from lab.engines.choice import app_through_the_gate, say
from lab.engines.protocol import Engine
from lab.errors import ExitCode
from lab.settings.declared_app import CHECK
from lab.store.find_runs import find_run
from lab.store.json_file import read_record, write_record

ASKED = FAILURES.with_name(WISH)
"""There in the sitting that measures another release."""
UP = FAILURES.with_name(CHECKED_GUESS)
"""A guess that came up in the sitting before, for which the variants were created since."""
MEASURED = FAILURES.with_name(RECORD)
"""The app as the sitting before measured it."""


def try_with_containers(
    given: Mapping[str, str], root: Path, results: Path, console: Console
) -> ExitCode:
    """What the run decided, or 0 where scripts/try is asked for one sitting more.

    Raises:
        LabError: the app cannot be measured.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if ASKED.exists():
        return release_measured(given, root, results, console)
    settings, spec = app_settings(given), given_app(given, root)
    engine = engine_for(spec)
    if not UP.exists():
        try:
            spec = checked_app(engine, plan_in_containers(spec, given, root).base, spec)
        except GuessFailed:
            return ExitCode.INCOMPLETE
        if CHECK.read(given):
            say(CHECKED)
            return ExitCode.DECIDED
        if FAILURES.exists():
            write_described(UP, spec)
            return ExitCode.DECIDED
    plan, releases = plan_in_containers(spec, given, root), LaterReleases(spec, given)
    run_input = AppRunInput(plan, settings, engine, results, releases=releases)
    folder, diagnosis = run_app(run_input, console)
    base = folder.read_trials()[plan.base.name][0]
    wish = releases.wish(folder, base, diagnosis)
    if wish is None:
        return close(folder, diagnosis, spec, console)
    write_described(MEASURED, spec)
    write_record(ASKED, wish)
    return ExitCode.DECIDED


def release_measured(
    given: Mapping[str, str], root: Path, results: Path, console: Console
) -> ExitCode:
    """What the run decided, with the release that the sitting before asked for.

    Raises:
        LabError: the run or the app cannot be read.
    """
    wish, spec = read_record(ASKED, ReleaseWish), read_described(MEASURED)
    plan, engine = plan_in_containers(spec, given, root), engine_for(spec)
    releases = BuiltRelease(wish)
    run_input = AppRunInput(plan, app_settings(given), engine, results, releases=releases)
    folder = find_run(results, wish.run)
    folder.lock.take()
    try:
        diagnosis = measure_release(AppRun(run_input, folder, console))
    finally:
        folder.lock.release()
    return close(folder, diagnosis, spec, console)


def plan_in_containers(spec: AppSpec, given: Mapping[str, str], root: Path) -> AppRunPlan:
    return plan_of(spec, root / COMPOSE_NAME, given, container_allocators(given))


def engine_for(spec: AppSpec) -> Engine:
    return app_through_the_gate(
        has_probes=spec.probes, beside=servers_beside(spec), port=container_port(spec)
    )
