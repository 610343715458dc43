"""`lab bisect`: the release, the interpreter or the commit with which a leak came in, or went."""

import argparse
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from lab.app.installed_packages import distributions
from lab.app.workdir import installed_here
from lab.bisect.answer import Subject, answer_from
from lab.bisect.plan import Progress
from lab.commands.app_runs.input import app_settings
from lab.commands.searches.bisect_driver import BisectBench, PointDriver
from lab.commands.searches.bisect_loop import BisectLoop, PointSlots
from lab.commands.searches.bisect_points import Listed, listed_points
from lab.commands.terminal import new_console
from lab.commands.tries.try_app import context_of, local_app
from lab.engines.choice import say
from lab.errors import ExitCode, UsageError
from lab.measure.host import host_info
from lab.measure.interruption import run_until_signal
from lab.paths import ROOT
from lab.records.bisection import SCHEMA_VERSION, Bisection, MeasuredPoints, PointKind
from lab.records.experiment import EngineKind
from lab.report.bisect_figure import bisect_svg
from lab.report.bisect_page import bisect_page, cost, point_rows
from lab.settings import given_settings
from lab.settings.bisect_settings import bisect_settings
from lab.store.json_file import write_record
from lab.store.layout import check_writable, results_folder
from lab.store.run_folder import RunFolder
from lab.text.phrases import counted, listed

MEASURED = "points.json"
ANSWER, PAGE, FIGURE = "bisect.json", "bisect.md", "bisect.svg"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add no arguments: the command takes settings alone."""


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
    started, started_at = time.monotonic(), datetime.now(UTC)
    chosen, settings = bisect_settings(given), app_settings(given)
    if settings.engine == EngineKind.DOCKER:
        raise UsageError("lab bisect runs local processes: make bisect puts them into a container")
    check_writable(results)
    spec = local_app(context_of(given, root))
    if not spec.probes:
        raise UsageError(f"{spec.file}: a bisection compares what the probes read: probes = true")
    own = installed_here(spec, root, say)
    installed = distributions(own.python)
    search = listed_points(chosen, spec, installed, own, given)
    bench = BisectBench(
        spec, settings, given, root, chosen.kind, chosen.package, chosen.clone, installed
    )
    say(opening(search))
    slots = PointSlots(settings.lanes or os.cpu_count() or 1, settings.lanes is not None)
    driver = PointDriver(bench, say)
    loop = BisectLoop(search.progress, driver, slots, say)
    if run_until_signal(loop.run()):
        return ExitCode.INTERRUPTED
    facts = SearchFacts(started_at, time.monotonic() - started, driver.earlier_runs)
    answer = close(measured_points(search.subject, loop.progress, facts), results, console)
    return ExitCode(answer.exit_code)


def opening(search: Listed) -> str:
    progress = search.progress
    kind = search.subject.kind
    count = counted(len(progress.points), kind.noun)
    ends = listed([progress.points[each].label for each in progress.ends.all()])
    of = "" if kind is PointKind.PYTHON else f" of {search.subject.package}"
    return f"{count}{of}; the ends first: {ends}"


@dataclass(frozen=True, slots=True)
class SearchFacts:
    """When a search ran, and what it had not to measure."""

    started_at: datetime
    seconds: float
    earlier_runs: int


def measured_points(subject: Subject, progress: Progress, facts: SearchFacts) -> MeasuredPoints:
    """All that was measured, as it is kept."""
    points = progress.points
    return MeasuredPoints(
        schema_version=SCHEMA_VERSION,
        started_at=facts.started_at.isoformat(timespec="seconds"),
        command=os.environ.get("LAB_COMMAND", "lab bisect"),
        git_commit=os.environ.get("LAB_GIT_COMMIT") or None,
        host=host_info(),
        app=subject.app,
        package=subject.package,
        kind=subject.kind,
        left_out=subject.left_out,
        points=points,
        ends=progress.ends,
        runs={points[index].label: runs for index, runs in progress.measured.items()},
        faults={points[index].label: fault for index, fault in progress.unknown.items()},
        earlier_runs=facts.earlier_runs,
        seconds=facts.seconds,
    )


def close(measured: MeasuredPoints, results: Path, console: Console) -> Bisection:
    """The answer, once its files are written, and its sentences and its table printed."""
    answer = answer_from(measured)
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    folder = RunFolder.create(results, f"{stamp}-bisect-{answer.app}")
    write_record(folder.path / MEASURED, measured)
    write_record(folder.path / ANSWER, answer)
    folder.write_report({PAGE: bisect_page(answer), FIGURE: bisect_svg(answer)})
    for row in point_rows(answer):
        console.print("  ".join(row).rstrip(), soft_wrap=True)
    for sentence in answer.said:
        console.print(sentence, soft_wrap=True)
    console.print(cost(answer), soft_wrap=True)
    console.print(f"report: {os.path.relpath(folder.path)}/{PAGE}", soft_wrap=True)
    return answer
