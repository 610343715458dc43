"""`lab report`: rebuild the report of a run from its raw files; needs no engine."""

import argparse
from pathlib import Path

from lab.commands.rebuild import rebuild
from lab.commands.terminal import new_console, shown_path
from lab.errors import ExitCode, UsageError
from lab.measure.resume import is_partial
from lab.report.terminal import closing
from lab.settings import declared_sharing as declared
from lab.settings import given_settings
from lab.store.find_runs import find_run, newest_runs
from lab.store.layout import results_folder
from lab.store.run_folder import RunFolder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--unfinished", action="store_true", help="the newest run, which was cut off"
    )
    parser.add_argument("--run", help="a folder's name under results/ (RUN, else latest)")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Decided once it is rebuilt, whatever it says.

    Raises:
        LabError: there is no such run, or its files cannot be read.
    """
    given, console = given_settings(), new_console()
    results = results_folder(given)
    if arguments.unfinished:
        folder = newest_unfinished(results)
    else:
        folder = find_run(results, arguments.run or declared.RUN.read(given))
    summary = rebuild(folder)
    console.print(closing(summary))
    page = shown_path(folder.path) / "report.html"
    console.print(f"rebuilt: {page} (and report.md, summary.json)", soft_wrap=True)
    return ExitCode.DECIDED


def newest_unfinished(results: Path) -> RunFolder:
    """The newest run, which has no end.

    Raises:
        UsageError: the newest run is whole.
    """
    folder = next(iter(newest_runs(results)), None)
    if folder is None or not is_partial(folder.read_experiment()):
        raise UsageError(f"{results.name}/ holds no run that was cut off last")
    folder.point_latest()
    return folder
