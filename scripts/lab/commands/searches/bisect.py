"""`lab bisect`: the release, the interpreter or the commit with which a leak came in, or went."""

import argparse
import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from lab.app.installed import distributions
from lab.app.workdir import installed_here
from lab.bisect.answer import answer_of
from lab.commands.app_runs.input import app_settings
from lab.commands.searches.bisect_driver import BisectBench, PointDriver
from lab.commands.searches.bisect_loop import BisectLoop, PointSlots
from lab.commands.searches.bisect_points import Listed, bisect_settings, listed_points
from lab.commands.terminal import new_console
from lab.commands.tries.try_app import context_of, local_app
from lab.engines.choice import say
from lab.errors import ExitCode, UsageError
from lab.measure.interruption import run_until_signal
from lab.paths import ROOT
from lab.records.bisection import Bisection, PointKind
from lab.report.bisect_figure import bisect_svg
from lab.report.bisect_page import bisect_page, cost, point_rows
from lab.settings import given_settings
from lab.store.json_file import write_record
from lab.store.layout import check_writable, results_folder
from lab.store.run_folder import RunFolder
from lab.text.phrases import counted

ANSWER, PAGE, FIGURE = "bisect.json", "bisect.md", "bisect.svg"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The settings say it all."""


def run(_: argparse.Namespace) -> ExitCode:
    """Whether a change was found.

    Raises:
        LabError: the app or the points cannot be measured.
    """
    given = given_settings()
    return bisect(given, ROOT, results_folder(given), new_console())


def bisect(given: Mapping[str, str], root: Path, results: Path, console: Console) -> ExitCode:
    """Search, write the answer down, and say it.

    Raises:
        LabError: the app or the points cannot be measured.
    """
    started = time.monotonic()
    chosen, settings = bisect_settings(given), app_settings(given)
    if settings.engine == "docker":
        raise UsageError("lab bisect runs local processes: make bisect puts them into a container")
    check_writable(results)
    spec = local_app(context_of(given, root))
    if not spec.probes:
        raise UsageError(f"{spec.file}: a bisection compares what the probes read: probes = true")
    own = installed_here(spec, root, say)
    installed = distributions(own.python)
    listed = listed_points(chosen, spec, installed, own, given)
    bench = BisectBench(
        spec, settings, given, root, chosen.kind, chosen.package, chosen.clone, installed
    )
    say(opening(listed))
    slots = PointSlots(settings.lanes or os.cpu_count() or 1, settings.lanes is not None)
    loop = BisectLoop(listed.progress, PointDriver(bench, say), slots, say)
    if run_until_signal(loop.run()):
        return ExitCode.INTERRUPTED
    answer = answer_of(listed.subject, loop.progress, time.monotonic() - started)
    close(answer, results, console)
    return ExitCode(answer.exit_code)


def opening(listed: Listed) -> str:
    progress = listed.progress
    kind = listed.subject.kind
    count = counted(len(progress.points), kind.value)
    ends = " and ".join(progress.points[each].label for each in progress.ends.all())
    of = "" if kind is PointKind.PYTHON else f" of {listed.subject.package}"
    return f"{count}{of}; the ends first: {ends}"


def close(answer: Bisection, results: Path, console: Console) -> None:
    """Write the answer's files, and print its sentences and its table."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    folder = RunFolder.create(results, f"{stamp}-bisect-{answer.app}")
    write_record(folder.path / ANSWER, answer)
    folder.write_report({PAGE: bisect_page(answer), FIGURE: bisect_svg(answer)})
    for row in point_rows(answer):
        console.print("  ".join(row).rstrip(), soft_wrap=True)
    for sentence in answer.said:
        console.print(sentence, soft_wrap=True)
    console.print(cost(answer), soft_wrap=True)
    console.print(f"report: {os.path.relpath(folder.path)}/{PAGE}", soft_wrap=True)
