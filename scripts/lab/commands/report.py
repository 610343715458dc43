"""`lab report`: rebuild the report of a run from its raw files; needs no engine."""

import argparse

from lab.commands.rebuild import rebuild
from lab.commands.terminal import new_console, results_folder, shown_path
from lab.errors import ExitCode
from lab.report.terminal import closing
from lab.settings import given_settings
from lab.store.find_runs import find_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--run", help="a folder's name under results/ (RUN, else latest)")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Decided once it is rebuilt, whatever it says.

    Raises:
        LabError: there is no such run, or its files cannot be read.
    """
    given, console = given_settings(), new_console()
    folder = find_run(results_folder(given), arguments.run or given.get("RUN", "latest"))
    summary = rebuild(folder)
    console.print(closing(summary))
    console.print(
        f"rebuilt: {shown_path(folder)}/report.html (and report.md, summary.json)", soft_wrap=True
    )
    return ExitCode.DECIDED
