"""The folder of a `make try`: a new one, or that of an interrupted one that goes on."""

import re
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from lab.commands.app_runs.plan import AppRunPlan, settings_of, slots_for
from lab.commands.app_runs.source import keep_source
from lab.engines.protocol import Engine
from lab.errors import UsageError
from lab.measure.resume import continued, keep_finished, kept_line, named_unfinished
from lab.measure.run import begin
from lab.paths import ROOT
from lab.records.experiment import Experiment
from lab.records.suites import USER_APP_SUITE
from lab.settings import Settings
from lab.store.layout import check_writable
from lab.store.run_folder import RunFolder


def app_folder_for(plan: AppRunPlan, given: Settings, engine: Engine, results: Path) -> RunFolder:
    """The run's folder, new or that of an interrupted run, and locked.

    Raises:
        UsageError: the run that RESUME names is of another app, or cannot go on.
    """
    check_writable(results)
    slots = slots_for(plan, given)
    name, resume = plan.spec.name, given.resume
    if resume is None:
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        folder = RunFolder.create(results, f"{stamp}-{USER_APP_SUITE}-{name}")
        folder.lock.take()
        keep_source(plan.spec, folder)
        return folder
    wanted = begin(settings_of(plan.spec, given), engine, (plan.base,), (), slots, ROOT)
    if not re.search(rf"-{USER_APP_SUITE}-{re.escape(name)}(-[0-9]+)?$", resume):
        raise UsageError(f"RESUME={resume}: that is not a run of {name}: name one of its runs")
    return named_unfinished(results, resume, wanted)


def go_on(
    folder: RunFolder, experiment: Experiment, console: Console
) -> tuple[frozenset[tuple[str, int]], Experiment]:
    """The trials of earlier sittings that are kept, and the experiment with one sitting more."""
    kept = keep_finished(folder)
    console.print(kept_line(folder, kept), soft_wrap=True, highlight=False)
    return kept, continued(folder.read_experiment(), experiment)
