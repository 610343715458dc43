"""`lab rerun`: the driver of an unpacked bundle: the run that is there once more, and a table."""

import argparse
import os
import signal
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from lab.app.interventions import NO_ALLOCATORS
from lab.app.services import container_port
from lab.commands.app_runs.input import app_settings, given_app, with_command
from lab.commands.app_runs.plan import RERUN, plan_of
from lab.commands.app_runs.run import AppRunInput, run_app
from lab.commands.decider import RunDecider
from lab.commands.rebuild import rebuild, summarise_anew
from lab.commands.sharing.outcome import conclude
from lab.commands.terminal import new_console
from lab.engines.choice import app_through_the_gate, choose
from lab.errors import ExitCode, UsageError
from lab.measure.run import SuiteRun, measure_suite
from lab.paths import COMPOSE_FILE, ROOT
from lab.settings import given_settings, parse_settings
from lab.share.agreement import agreement_of
from lab.share.project import THERE
from lab.store.find_runs import newest_runs
from lab.store.layout import results_folder
from lab.store.run_folder import RunFolder

RAN = "Run here with Docker, by the bundle's own Compose project, in containers without rights."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add no arguments: the command takes settings alone."""


def run(_: argparse.Namespace) -> ExitCode:
    """0: it agrees with the run that is there, 1: it differs, 2: undecided.

    Raises:
        LabError: it cannot be run.
    """
    given, console = given_settings(), new_console()
    runs = newest_runs(Path(given.get("LAB_THERE", THERE)))
    if not runs:
        raise UsageError("there is no run to compare with: unpack the bundle whole")
    if "LAB_PROJECT" not in os.environ:
        raise UsageError("rerun is the driver of an unpacked bundle: docker compose up runs it")
    there = summarise_anew(runs[0])
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    results = results_folder(given)
    conduct = suite_again if there.own is None else app_again
    here = summarise_anew(conduct(given, results, console))
    return conclude(agreement_of(there, here), RAN, results, console)


def suite_again(given: Mapping[str, str], results: Path, console: Console) -> RunFolder:
    """The folder of a new run of the run's variants."""
    settings = parse_settings(given)
    chosen = choose(settings, ROOT, given)
    suite = SuiteRun(settings, chosen.engine, COMPOSE_FILE, results, chosen.unbuilt)
    folder = measure_suite(suite, console, RunDecider())
    rebuild(folder)
    folder.point_latest()
    return folder


def app_again(given: Mapping[str, str], results: Path, console: Console) -> RunFolder:
    """The folder of a new run of the run's app."""
    settings, spec = app_settings(given), with_command(given_app(given, ROOT), given)
    engine = app_through_the_gate(has_probes=spec.probes, port=container_port(spec))
    plan = plan_of(spec, COMPOSE_FILE, {**given, RERUN: "1"}, NO_ALLOCATORS)
    return run_app(AppRunInput(plan, settings, engine, results), console)[0]
