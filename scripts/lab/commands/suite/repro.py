"""`lab repro`: measure the suite and write its report."""

import argparse
import contextlib
import signal

from lab.commands.decider import RunDecider
from lab.commands.rebuild import rebuild
from lab.commands.suite.report import newest_unfinished
from lab.commands.terminal import new_console, shown_path
from lab.engines.choice import choose
from lab.errors import ExitCode, LabError, WriteError
from lab.measure.run import SuiteRun, measure_suite
from lab.paths import COMPOSE_FILE, ROOT
from lab.report.terminal import closing
from lab.settings import given_settings, parse_settings
from lab.store.layout import results_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add no arguments: the command takes settings alone."""


def run(_: argparse.Namespace) -> ExitCode:
    """What the run decided.

    Raises:
        LabError: it cannot be run.
    """
    given, console = given_settings(), new_console()
    settings, results = parse_settings(given), results_folder(given)
    # Until the run heeds signals itself: what is under way then ends as with Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    chosen = choose(settings, ROOT, given)
    suite_run = SuiteRun(settings, chosen.engine, COMPOSE_FILE, results, chosen.unbuilt)
    try:
        folder = measure_suite(suite_run, console, RunDecider(rule=settings.rule))
    except WriteError:
        with contextlib.suppress(LabError):  # there may be no room for a report either
            rebuild(newest_unfinished(results))
        raise
    summary = rebuild(folder)
    folder.point_latest()
    console.print(closing(summary))
    page = shown_path(folder.path) / "report.html"
    console.print(f"report: {page} (and report.md, summary.json)", soft_wrap=True)
    return ExitCode(summary.run.exit_code)
