"""`lab check-app`: refuse a lab.toml that cannot be used, before anything is built."""

import argparse
import sys
from collections.abc import Iterator, Mapping

from lab.app.folder import app_folder
from lab.app.spec_file import read_spec
from lab.errors import ExitCode
from lab.paths import ROOT
from lab.settings import given_settings
from lab.text.phrases import printable

KEYS = {
    "REQUESTS": "count",
    "CONCURRENCY": "concurrency",
    "BLOCKS": "blocks",
    "WORKERS": "workers",
    "CONNECTION": "connection",
}
"""Settings of the matrix, and the keys of lab.toml that say the same."""
OF_THE_MATRIX = ("SUITE", "VARIANTS", "TRIALS", "ID")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The settings say it all."""


def run(_: argparse.Namespace) -> ExitCode:
    """Prints where the app's lab.toml stands.

    Raises:
        LabError: the app cannot be used.
    """
    given = given_settings()
    spec = read_spec(app_folder(given, ROOT))
    for line in unused(given, spec.file.name):
        print(f"lab: {printable(line)}", file=sys.stderr)
    print(spec.file)
    return ExitCode.DECIDED


def unused(given: Mapping[str, str], file: str) -> Iterator[str]:
    """A line for each setting that was given and says nothing of a user app."""
    for name in (*KEYS, *OF_THE_MATRIX):
        if value := given.get(name):
            instead = f": say `{KEYS[name]}` in {file}" if name in KEYS else ""
            yield f"{name}={value} is not used by make try{instead}"
