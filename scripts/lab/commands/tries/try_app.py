"""`lab try`: from a user app's folder to its answer, on the engine that is there."""

import argparse
import contextlib
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from rich.console import Console

from lab.app.environment import ENVIRONMENTS, prepare_memray
from lab.app.folder import app_folder, is_undescribed
from lab.app.guess.failures import telling_line
from lab.app.spec import AppSpec
from lab.app.workdir import (
    COMPOSE_NAME,
    ReadyApp,
    app_workdir,
    find_allocators,
    installed_here,
    process_engine,
    write_services,
)
from lab.commands.app_runs.input import app_settings, given_app, probed
from lab.commands.app_runs.other_releases import LocalReleases
from lab.commands.app_runs.plan import RERUN, plan_of
from lab.commands.app_runs.prepare import prepare_data, with_servers
from lab.commands.app_runs.run import AppRunInput, run_app
from lab.commands.terminal import new_console
from lab.commands.tries.closing import CHECKED, close
from lab.commands.tries.in_containers import try_with_containers
from lab.commands.tries.local_guess import TryContext, check_described, working_guess
from lab.commands.tries.watch import check_watched, watch
from lab.engines.choice import say
from lab.errors import ExitCode, LabError
from lab.paths import ROOT
from lab.settings import given_settings
from lab.settings.declared_app import CHECK, WATCH
from lab.share.source import ARCHIVE
from lab.store.layout import results_folder
from lab.store.made_here import mark
from lab.store.run_folder import RunFolder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add no arguments: the command takes settings alone."""


def run(_: argparse.Namespace) -> ExitCode:
    """What the run decided.

    Raises:
        LabError: the app cannot be measured.
    """
    given = given_settings()
    in_driver = "LAB_PROJECT" in os.environ
    results, console = results_folder(given), new_console()
    if WATCH.read(given):
        check_watched(in_driver=in_driver)
        # What an earlier step has read can be read once, and lab.toml may change as well.
        anew = {name: value for name, value in given.items() if name != "LAB_DESCRIBED"}
        app = context_of(anew, ROOT).folder
        conduct = partial(try_with_processes, anew, ROOT, results, console)
        return watch(app, results, conduct, console)
    conduct_once = try_with_containers if in_driver else try_with_processes
    return conduct_once(given, ROOT, results, console)


def try_with_processes(
    given: Mapping[str, str],
    root: Path,
    results: Path,
    console: Console,
    written: Callable[[Path], None] = lambda _: None,
) -> ExitCode:
    """What the run decided, measured as local processes.

    Args:
        written: called with each file that is written into the app's folder.

    Raises:
        LabError: the app cannot be measured.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    context = replace(context_of(given, root), written=written)
    settings, is_guess = context.settings, is_undescribed(context.folder)
    spec = local_app(context)
    with app_workdir(spec) as work:
        installed = installed_here(spec, root, say)
        ready = with_servers(spec, installed, work, root, say)
        if is_guess and not CHECK.read(given):
            prepare_guessed(spec, ready, work)
        elif not is_guess:
            spec = check_described(context, spec, ready, work)
        if CHECK.read(given):
            say(CHECKED)
            return ExitCode.DECIDED
        memray = prepare_memray(root / ENVIRONMENTS, installed)
        allocators, file = find_allocators(), work / COMPOSE_NAME
        write_services(spec, settings.host_cpus, allocators, file, str(memray) if memray else None)
        engine = process_engine(spec, ready, settings, given, root, work)
        plan = plan_of(spec, file, given, allocators)
        releases = LocalReleases(spec, installed, engine, given, root / ENVIRONMENTS, work)
        run_input = AppRunInput(plan, settings, engine, results, releases=releases)
        folder, diagnosis = run_app(run_input, console)
    if is_kept := given.get(RERUN) != "1":
        remember(folder, root)
    return close(folder, diagnosis, spec, console, tells_where=is_kept)


def remember(folder: RunFolder, root: Path) -> None:
    """Write down that this checkout made the run: `make reproduce` then runs it without TRUST."""
    with contextlib.suppress(LabError):
        mark(folder, ARCHIVE, root / ENVIRONMENTS)


def context_of(given: Mapping[str, str], root: Path) -> TryContext:
    """Where and with what the app is tried.

    Raises:
        UsageError: no app is named, or a setting is out of range.
    """
    folder = Path(os.path.realpath(app_folder(given, root)))
    return TryContext(folder, root, given, app_settings(given), say)


def local_app(context: TryContext) -> AppSpec:
    """The app on this machine's Python; without a lab.toml the guess that comes up and answers.

    Raises:
        LabError: it cannot be used, or no guess comes up.
    """
    if is_undescribed(context.folder):
        return probed(working_guess(context)[1], context.settings).without_docker()
    return given_app(context.given, context.root).without_docker()


def prepare_guessed(spec: AppSpec, ready: ReadyApp, work: Path) -> None:
    """Make its data ready in the copy that is measured.

    Raises:
        LabError: it failed, which it did not when the guess was checked.
    """
    if failure := prepare_data(spec, ready, work):
        raise LabError(f"{spec.file}: prepare failed: {telling_line(failure.said)}")
