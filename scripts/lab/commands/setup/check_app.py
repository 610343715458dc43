"""`lab check-app`: refuse a lab.toml that cannot be used, before anything is built."""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from lab.app.compose_text import NoReader
from lab.app.copying import check_room
from lab.app.described import as_line
from lab.app.folder import app_folder, is_undescribed
from lab.app.spec import FILE, AppSpec
from lab.app.spec_file import read_spec
from lab.app.spec_keys import BY_SETTING
from lab.errors import ExitCode
from lab.paths import ROOT
from lab.settings import given_settings
from lab.settings.declared import SETTINGS
from lab.text.phrases import printable

OF_THE_MATRIX = tuple(
    setting.name
    for setting in SETTINGS
    if "try" not in setting.targets and {"repro", "claim"} & set(setting.targets)
)
"""Settings that say nothing of a user app."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add no arguments: the command takes settings alone."""


def run(_: argparse.Namespace) -> ExitCode:
    """Prints a line with what its lab.toml says, empty where there is none; then where it stands.

    Raises:
        LabError: the app cannot be used.
    """
    given = given_settings()
    app = app_folder(given, ROOT)
    spec = None if is_undescribed(app) else read_here(app)
    file = Path(os.path.realpath(app)) / FILE if spec is None else spec.file
    for line in unused(given, file.name):
        print(f"lab: {printable(line)}", file=sys.stderr)
    check_room(file.parent, Path(tempfile.gettempdir()))
    print("" if spec is None else as_line(spec))
    print(file)
    return ExitCode.DECIDED


def read_here(app: Path) -> AppSpec | None:
    """What its lab.toml says; None where this Python cannot read the Compose file that it names."""
    try:
        return read_spec(app)
    except NoReader:
        return None


def unused(given: Mapping[str, str], file: str) -> Iterator[str]:
    """A line for each setting that was given and says nothing of a user app."""
    for name in OF_THE_MATRIX:
        if value := given.get(name):
            key = BY_SETTING.get(name)
            instead = f": set `{key}` in {file}" if key else ""
            yield f"{name}={value} is not used by make try{instead}"
