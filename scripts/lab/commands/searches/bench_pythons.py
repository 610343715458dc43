"""`lab bench-pythons`: the Pythons that a bisection, or layers, need in their container.

Any Python from 3.11 on runs it: what cannot be searched is refused before anything is installed.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

from lab.app.compose_text import NoReader
from lab.app.folder import app_folder, is_undescribed
from lab.app.spec import PYTHON
from lab.app.spec_file import read_spec
from lab.app.spec_keys import NEWEST_APP_MINOR
from lab.errors import ExitCode
from lab.paths import ROOT
from lab.points.pythons import pythons
from lab.settings import bisect, given_settings
from lab.settings.bisect_settings import bisect_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("verb", choices=("bisect", "layers"), help="what runs there")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Decided once the Pythons are printed on one line.

    Raises:
        LabError: the app cannot be used, or what is to be bisected.
    """
    given = given_settings()
    if arguments.verb == "bisect":
        bisect_settings(given)
    print(*needed(arguments.verb, own_python(app_folder(given, ROOT)), given))
    return ExitCode.DECIDED


def own_python(folder: Path) -> str:
    """The app's own; the default where its description cannot be read by this Python.

    Raises:
        LabError: the description cannot be used.
    """
    if is_undescribed(folder):
        return PYTHON
    try:
        return read_spec(folder).python
    except NoReader:
        return PYTHON


def needed(verb: str, own: str, given: Mapping[str, str]) -> list[str]:
    """The app's own, then those that are searched, or the one to exchange it with.

    Raises:
        UsageError: the range cannot be used.
    """
    asked = bisect.PYTHON.read(given)
    if verb == "layers":
        others = [neighbour(own)]
    else:
        others = [point.label for point in pythons(asked)] if asked else []
    return list(dict.fromkeys([own, *others]))


def neighbour(own: str) -> str:
    """The next newer Python, of the newest the next older."""
    minor = int(own.partition(".")[2])
    return f"3.{minor + 1 if minor < NEWEST_APP_MINOR else minor - 1}"
