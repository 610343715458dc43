"""The app of a run as it was kept, in the environment that it had, and the mended release."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from lab.app.environment import ENVIRONMENTS, prepare_app
from lab.app.release import PYTHON, NoRelease, installed_versions, newest_release
from lab.app.spec import AppSpec
from lab.app.spec_file import read_spec
from lab.commands.app_runs.source import kept_source
from lab.commands.sharing.bundle_app import write_down
from lab.commands.sharing.bundle_parts import environment_of
from lab.engines.choice import say
from lab.engines.process.environments import Installed
from lab.engines.process.uv import Uv
from lab.errors import LabError, UsageError
from lab.files import is_plain_name, read_bytes
from lab.records.interventions import InterventionPlan, Release
from lab.records.judgement import STOPPED, Verdict
from lab.records.summary import Summary, VariantSummary
from lab.reproducer.served_object import NotReproduced
from lab.share.lock import lock_of, pins_of
from lab.store.run_folder import RunFolder
from lab.text.packages import LOCK, canonical, is_distribution
from lab.text.phrases import clipped
from lab.units import MIB

VERSION = re.compile(r"3\.\d{1,2}")
OTHER_GROWTH_SHARE = 0.25
"""What grows by less than this share of the app's own growth grows by something else."""
MOST_RECORD_BYTES = 8 * MIB
MOST_SOURCE_BYTES = MIB
MOST_SOURCES = 2000


@dataclass(frozen=True, slots=True)
class KeptApp:
    """An app as it was run."""

    spec: AppSpec
    installed: Installed
    pins: Mapping[str, str]
    """What the run reported of its environment."""
    texts: Mapping[str, str]
    """Its Python files, by their names in its folder."""


def kept_app(folder: RunFolder, summary: Summary, root: Path, work: Path) -> KeptApp:
    """The app of a run, written below the work folder, with its environment.

    Raises:
        LabError: it was not kept, or its environment cannot be had.
        NotReproduced: it needs more than a Python.
    """
    kept = kept_source(folder)
    if kept is None:
        raise UsageError(f"{folder.id} has no copy of its app: run make try once more")
    source, files = kept
    name = source.name if is_plain_name(source.name) else "app"
    write_down({f"{name}/{file}": entry for file, entry in files.items()}, work)
    spec = read_spec(work / name / source.file).without_docker()
    if spec.has_own_image:
        raise NotReproduced("the app has an image of its own, and runs in that alone")
    if spec.services:
        kinds = ", ".join(sorted(each.kind for each in spec.services))
        raise NotReproduced(f"the app needs {kinds} beside it, which one file cannot bring")
    reported = environment_of(summary, folder.read_trials())
    installed = prepare_app(spec, root / ENVIRONMENTS, say)
    if reported is None:
        return KeptApp(spec, installed, installed_versions(installed.python), texts_of(spec.folder))
    pins = pins_of(reported.packages)
    if has_other_versions(pins, installed):
        (spec.folder / LOCK).write_text(lock_of(pins, {}, reported.python).text, encoding="utf-8")
        installed = prepare_app(spec, root / ENVIRONMENTS, say)
    return KeptApp(spec, installed, pins, texts_of(spec.folder))


def has_other_versions(pins: Mapping[str, str], installed: Installed) -> bool:
    """Whether the environment has another version of something that the run reported."""
    here = installed_versions(installed.python)
    return any(here.get(canonical(name), version) != version for name, version in pins.items())


def texts_of(folder: Path) -> Mapping[str, str]:
    """The Python files below a folder, as far as they can be read."""
    texts = {}
    for path in sorted(folder.rglob("*.py"))[:MOST_SOURCES]:
        if path.is_file() and not path.is_symlink():
            try:
                texts[path.relative_to(folder).as_posix()] = read_bytes(
                    path, MOST_SOURCE_BYTES
                ).decode()
            except (LabError, UnicodeDecodeError):
                continue
    return texts


def import_names(python: Path, package: str) -> frozenset[str]:
    """The names by which a distribution is imported, as its list of files says."""
    names = set()
    for folder in python.parents[1].glob("lib/python*/site-packages/*.dist-info"):
        if canonical(folder.name.partition("-")[0]) != canonical(package):
            continue
        record = read_bytes(folder / "RECORD", MOST_RECORD_BYTES).decode(errors="replace")
        tops = (re.match(r"(\w+)(?:/|[\w.-]*\.(?:py|so|pyd)\b)", line) for line in record.split())
        names |= {match[1] for match in tops if match}
    return frozenset(names)


def mended_release(folder: RunFolder, summary: Summary) -> Release | None:
    """The release with which the run did not grow, or hardly; None where none is known."""
    plan = folder.read_interventions(InterventionPlan)
    if plan is None:
        return None
    own = summary.own.variant if summary.own is not None else ""
    most_bytes = OTHER_GROWTH_SHARE * next(
        (low_of(each) for each in summary.variants if each.name == own), 0.0
    )
    mended = {
        each.name
        for each in summary.variants
        if each.verdict in STOPPED or (each.verdict is Verdict.LEAK and is_less(each, most_bytes))
    }
    changes = (change for change in plan.changes if plan.variant(change) in mended)
    return next((change.release for change in changes if change.release is not None), None)


def low_of(variant: VariantSummary) -> float:
    growth = variant.growth_bytes_per_request
    return growth.low if growth is not None else 0.0


def is_less(variant: VariantSummary, most_bytes: float) -> bool:
    """Whether a variant surely grows by less a request."""
    growth = variant.growth_bytes_per_request
    return growth is not None and growth.high < most_bytes


def mended_environment(app: KeptApp, release: Release, root: Path, work: Path) -> Installed:
    """The app's environment with that release.

    Raises:
        LabError: it cannot be had.
    """
    environments = root / ENVIRONMENTS
    if not is_distribution(release.package):
        raise NoRelease(f"{clipped(repr(release.package), 60)} is not the name of a package")
    if release.package == PYTHON and not VERSION.fullmatch(release.newest):
        raise NoRelease(f"{clipped(repr(release.newest), 60)} is not a version of Python")
    if release.package == PYTHON:
        return prepare_app(replace(app.spec, python=release.newest), environments, say)
    uv = Uv(environments.absolute())
    newer = newest_release(app.spec, release.package, app.installed, uv, work / "mended")
    if newer.release.newest != release.newest:
        raise NoRelease(f"{release.package} {newer.release.newest} is the newest release now")
    return newer.installed
