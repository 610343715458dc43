"""The points of a bisection, as its settings name them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from lab.app.installed_packages import Distribution
from lab.app.spec import AppSpec
from lab.bisect.answer import Subject
from lab.bisect.plan import Progress
from lab.engines.process.environments import Installed
from lab.errors import UsageError
from lab.points.commits import commit_of, commits
from lab.points.ends import Wanted, ends_of, points_between
from lab.points.index import index_files, index_of, is_public
from lab.points.pythons import pythons
from lab.points.releases import ReleaseChoice, Releases, releases
from lab.records.bisection import Ends, PointKind
from lab.settings.bisect_settings import BisectSettings
from lab.text.packages import canonical
from lab.text.phrases import listed

MOST_PACKAGES_NAMED = 12


@dataclass(frozen=True, slots=True)
class Listed:
    """What is searched, before anything is measured."""

    subject: Subject
    progress: Progress


def listed_points(
    chosen: BisectSettings,
    spec: AppSpec,
    installed: Mapping[str, Distribution],
    python: Installed,
    environment: Mapping[str, str],
) -> Listed:
    """The points and the ends.

    Raises:
        LabError: they cannot be listed.
    """
    if chosen.clone is not None:
        return of_commits(chosen, spec, chosen.clone)
    if chosen.kind is PointKind.PYTHON:
        candidates, current = Releases(pythons(chosen.pythons), ()), spec.python
    else:
        current = current_version(chosen.package, installed)
        candidates = of_index(chosen, current, version_of_python(python), environment)
    ends = ends_of(candidates.points, Wanted(chosen.good, chosen.bad, current))
    inside, ends, outside = points_between(candidates.points, ends, chosen.kind)
    left_out = (*candidates.left_out, *((outside,) if outside else ()))
    return listed_as(chosen, spec, Progress(tuple(inside), ends), left_out)


def listed_as(
    chosen: BisectSettings, spec: AppSpec, progress: Progress, left_out: tuple[str, ...]
) -> Listed:
    """The listed points, and the faults of those that are known not to be measurable."""
    unknown = {
        index: point.fault for index, point in enumerate(progress.points) if point.fault is not None
    }
    subject = Subject(spec.name, chosen.package, chosen.kind, left_out)
    return Listed(subject, replace(progress, unknown=unknown))


def of_commits(chosen: BisectSettings, spec: AppSpec, clone: Path) -> Listed:
    good, bad = chosen.good or "", chosen.bad or "HEAD"
    points = commits(clone, good, bad)
    last = len(points) - 1
    bad_is_newest = commit_of(clone, bad, "BAD").startswith(points[last].label)
    ends = Ends(last, 0, None) if bad_is_newest else Ends(0, last, None)
    return listed_as(chosen, spec, Progress(points, ends), ())


def of_index(
    chosen: BisectSettings,
    current: str,
    python: tuple[int, ...],
    environment: Mapping[str, str],
) -> Releases:
    """The package's releases, as the index that uv is told lists them."""
    index = index_of(environment)
    files = index_files(chosen.package, index)
    page = f"https://pypi.org/project/{canonical(chosen.package)}/" if is_public(index) else None
    kept = tuple(filter(None, (chosen.good, chosen.bad, current)))
    return releases(files, ReleaseChoice(chosen.package, python, kept, page))


def current_version(package: str, installed: Mapping[str, Distribution]) -> str:
    """The version of the package in the app's own environment.

    Raises:
        UsageError: it is not installed there.
    """
    distribution = installed.get(canonical(package))
    if distribution is None:
        names = listed(sorted(each.name for each in installed.values()), MOST_PACKAGES_NAMED)
        raise UsageError(f"PACKAGE={package} is not one of the app's packages: {names}")
    return distribution.version


def version_of_python(python: Installed) -> tuple[int, ...]:
    """The version of an environment's interpreter."""
    match = re.search(r"(\d+)\.(\d+)\.(\d+)", python.reference)
    return tuple(map(int, match.groups())) if match else (3, 12, 0)
