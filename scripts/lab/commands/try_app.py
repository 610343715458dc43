"""`lab try`: from a user app's folder to its answer, on the engine that is there."""

import argparse
import os
import signal
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from lab.app.environment import ENVIRONMENTS, prepare_memray
from lab.app.workdir import (
    COMPOSE_FILE,
    find_jemalloc,
    installed_here,
    process_engine,
    workplace,
    write_services,
)
from lab.commands.app_closing import close
from lab.commands.app_input import app_settings, given_app, with_command
from lab.commands.app_plan import plan_of
from lab.commands.app_run import AppRunInput, run_app
from lab.commands.terminal import new_console, results_folder
from lab.commands.try_services import container_jemalloc
from lab.engines.choice import say, through_the_gate
from lab.errors import ExitCode
from lab.paths import ROOT
from lab.settings import given_settings

PROBES = Path("/lab/probes")
"""Where the driver's container sees the sockets of the variants."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The settings say it all."""


def run(_: argparse.Namespace) -> ExitCode:
    """What the run decided.

    Raises:
        LabError: the app cannot be measured.
    """
    given = given_settings()
    in_driver = "LAB_PROJECT" in os.environ
    conduct = try_with_containers if in_driver else try_with_processes
    return conduct(given, ROOT, results_folder(given), new_console())


def try_with_processes(
    given: Mapping[str, str], root: Path, results: Path, console: Console
) -> ExitCode:
    """Without containers.

    Raises:
        LabError: the app cannot be measured.
    """
    settings, spec = app_settings(given), given_app(given, root)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with workplace(spec) as work:
        installed = installed_here(spec, root, say)
        memray = prepare_memray(spec, root / ENVIRONMENTS, installed)
        jemalloc, file = find_jemalloc(), work / COMPOSE_FILE
        write_services(spec, settings.host_cpus, jemalloc, file, str(memray) if memray else None)
        engine = process_engine(spec, installed, settings, given, root, work)
        plan = plan_of(spec, file, given, jemalloc)
        folder, diagnosis = run_app(AppRunInput(plan, settings, engine, results), console)
    return close(folder, diagnosis, spec, console)


def try_with_containers(
    given: Mapping[str, str], root: Path, results: Path, console: Console
) -> ExitCode:
    """In the driver's own container, through the gate.

    Raises:
        LabError: the app cannot be measured.
    """
    settings = app_settings(given)
    spec = with_command(given_app(given, root), given)
    plan = plan_of(spec, root / COMPOSE_FILE, given, container_jemalloc(given))
    engine = through_the_gate(PROBES if spec.probes else None).engine
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder, diagnosis = run_app(AppRunInput(plan, settings, engine, results), console)
    return close(folder, diagnosis, spec, console)
