"""`lab compare`: two runs, variant by variant; needs no engine."""

import argparse

from lab.commands.rebuild import summarise_anew
from lab.commands.terminal import new_console
from lab.errors import ExitCode, UsageError
from lab.files import path_text, write_file
from lab.records.codec import json_text
from lab.settings import declared_sharing as declared
from lab.settings import given_settings
from lab.share.comparison import compare_runs
from lab.share.comparison_text import comparison_markdown
from lab.store.find_runs import choice_of_runs, find_run
from lab.store.layout import check_writable, results_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add no arguments: the command takes settings alone."""


def run(_: argparse.Namespace) -> ExitCode:
    """Decided once both runs are judged, whatever differs.

    Raises:
        LabError: there is no such run, or its files cannot be read.
    """
    given, console = given_settings(), new_console()
    results, other = results_folder(given), declared.WITH.read(given)
    if not other:
        raise UsageError(
            f"WITH is missing, the run that RUN is compared with: {choice_of_runs(results)}"
        )
    before = find_run(results, declared.RUN.read(given))
    after = find_run(results, other, "WITH")
    comparison = compare_runs(summarise_anew(before), summarise_anew(after))
    check_writable(results)
    name = f"compare-{before.id}-{after.id}"
    text = comparison_markdown(comparison)
    write_file(results / f"{name}.md", text)
    write_file(results / f"{name}.json", json_text(comparison))
    console.print(text, soft_wrap=True)
    console.print(f"written: {path_text(results / name)}.md and .json", soft_wrap=True)
    return ExitCode.DECIDED
