"""What is bisected, as the settings of a bisection say it together."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.errors import UsageError
from lab.records.bisection import PointKind
from lab.settings.bisect import BAD, GIT, GOOD, PACKAGE, PYTHON


@dataclass(frozen=True, slots=True)
class BisectSettings:
    """What is bisected."""

    kind: PointKind
    package: str
    good: str | None
    bad: str | None
    clone: Path | None
    pythons: str


def bisect_settings(given: Mapping[str, str]) -> BisectSettings:
    """What is bisected, by the settings that were given.

    Raises:
        UsageError: they do not say what is bisected.
    """
    package, clone, python = PACKAGE.read(given), GIT.read(given), PYTHON.read(given)
    good, bad = GOOD.read(given) or None, BAD.read(given) or None
    if python and (clone or package):
        raise UsageError("PYTHON= bisects interpreters: leave PACKAGE and GIT out, or PYTHON")
    if python:
        return BisectSettings(PointKind.PYTHON, "Python", good, bad, None, python)
    if not package:
        raise UsageError(
            "make bisect needs PACKAGE=, the package whose releases are searched, or "
            "PYTHON=3.7..3.14; `make try` names the package that holds the memory"
        )
    if clone and good is None:
        raise UsageError("GIT= needs GOOD=, a commit that does not leak (BAD is HEAD by default)")
    kind = PointKind.COMMIT if clone else PointKind.RELEASE
    folder = Path(clone).expanduser() if clone else None
    return BisectSettings(kind, package, good, bad, folder, "")
