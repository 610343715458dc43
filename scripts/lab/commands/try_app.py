"""`lab try`: from an app's folder to its answer, on whichever engine there is."""

import os
import signal
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.text import Text

from lab.app.environment import ENVIRONMENTS, prepare_memray
from lab.app.folder import app_folder
from lab.app.services import base_name
from lab.app.spec import AppSpec
from lab.app.spec_file import read_description
from lab.app.workdir import (
    COMPOSE_FILE,
    find_jemalloc,
    installed_here,
    process_engine,
    workplace,
    write_services,
)
from lab.causes.diagnosis import Diagnosis
from lab.commands.app_run import plan_of, run_app
from lab.engines.choice import say
from lab.errors import ExitCode
from lab.report.app_answer import app_answer, cause_lines, change_table, traced_text, verdict_line
from lab.settings import Settings, parse_settings
from lab.store.run_folder import RunFolder


def described(given: Mapping[str, str], root: Path) -> AppSpec:
    """The app that is meant; LAB_PROBES=0 takes the probes out as its own key does.

    Raises:
        UsageError: it cannot be used.
    """
    found = read_description(app_folder(given, root))
    return replace(found, probes=found.probes and app_settings(given).probes)


def app_settings(given: Mapping[str, str]) -> Settings:
    """An own app sees the machine's CPUs, unless others are asked for."""
    return parse_settings({"HOST_CPUS": "host", **given})


def try_with_processes(
    given: Mapping[str, str], root: Path, results: Path, console: Console
) -> ExitCode:
    """Without containers.

    Raises:
        LabError: the app cannot be measured.
    """
    settings = app_settings(given)
    description = described(given, root)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with workplace(description) as work:
        installed = installed_here(description, root, say)
        memray = prepare_memray(description, root / ENVIRONMENTS, installed)
        jemalloc, file = find_jemalloc(), work / COMPOSE_FILE
        write_services(
            description, settings.host_cpus, jemalloc, file, str(memray) if memray else None
        )
        engine = process_engine(description, installed, settings, given, root, work)
        plan = plan_of(description, file, given, jemalloc)
        folder, found = run_app(plan, settings, engine, results, console)
    return close(folder, found, description, console)


def close(
    folder: RunFolder,
    found: Diagnosis,
    description: AppSpec,
    console: Console,
) -> ExitCode:
    """Print the answers; what they are worth as an exit code."""
    told = app_answer(found, description.name, base_name(description))
    console.print(Text(verdict_line(told), style="bold"))
    for line in cause_lines(told):
        console.print(Text(f"cause: {line}"))
    console.print(Text(f"what helps: {told.helps}", style="bold"))
    for line in (*change_table(told), *traced_text(told)):
        console.print(Text(line))
    console.print(f"report: {shown(folder)}/answer.md, report.html", soft_wrap=True)
    return ExitCode(folder.read_summary().run.exit_code)


def shown(folder: RunFolder) -> str:
    return os.path.relpath(folder.path)
