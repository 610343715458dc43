"""`lab bench-pythons`: the Pythons that a bisection, or layers, need in their container."""

import argparse
from collections.abc import Mapping

from lab.app.folder import app_folder, is_undescribed
from lab.app.spec import PYTHON
from lab.app.spec_file import read_spec
from lab.app.spec_keys import NEWEST
from lab.errors import ExitCode
from lab.paths import ROOT
from lab.points.pythons import pythons
from lab.settings import bisect, given_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("verb", choices=("bisect", "layers"), help="what runs there")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Decided once the Pythons are printed on one line.

    Raises:
        LabError: the app cannot be used, or the range of Pythons.
    """
    given = given_settings()
    folder = app_folder(given, ROOT)
    own = PYTHON if is_undescribed(folder) else read_spec(folder).python
    print(*needed(arguments.verb, own, given))
    return ExitCode.DECIDED


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
    return f"3.{minor + 1 if minor < NEWEST else minor - 1}"
