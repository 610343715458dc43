"""The releases of a package as points, the oldest first."""

from collections.abc import Sequence
from dataclasses import dataclass

from lab.points.index import IndexFile
from lab.points.versions import SDIST, WHEEL, Version, allows, version_of, wheel_fits
from lab.records.bisection import Point
from lab.text.packages import canonical

MOST_RELEASES = 2000


@dataclass(frozen=True, slots=True)
class Releases:
    """The releases, and what was left out."""

    points: tuple[Point, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReleaseChoice:
    """Which releases are asked for."""

    package: str
    python: tuple[int, ...]
    """The interpreter's version, such as (3, 8, 18)."""
    kept: tuple[str, ...] = ()
    """Versions that are points even where they are not final releases."""
    page: str | None = None
    """The page of the package's releases; None: the index has none."""


def releases(files: Sequence[IndexFile], asked: ReleaseChoice) -> Releases:
    """All final releases, and why the others are none."""
    by_version: dict[str, list[IndexFile]] = {}
    unread = 0
    for file in files:
        version = version_in(file.name, asked.package)
        if version is None:
            unread += 1
        else:
            by_version.setdefault(version, []).append(file)
    versions = [release for text in by_version if (release := version_of(text)) is not None]
    kept = {each.key for text in asked.kept if (each := version_of(text)) is not None}
    chosen = [each for each in versions if each.is_final or each.key in kept]
    chosen = sorted(chosen, key=lambda version: version.key)[-MOST_RELEASES:]
    left_out = {
        "pre-releases": len(versions) - len(chosen),
        "versions that cannot be ordered": len(by_version) - len(versions),
        "files whose names are not those of a release": unread,
    }
    return Releases(
        tuple(point_of(each, by_version[each.text], asked) for each in chosen),
        tuple(f"Left out: {what}, {count:,}." for what, count in left_out.items() if count),
    )


def version_in(name: str, package: str) -> str | None:
    """The version in a file's name; None where the name is not a release's of the package."""
    if match := WHEEL.fullmatch(name):
        return match["version"].replace("_", "-")
    match = SDIST.fullmatch(name)
    if match is None:
        return None
    stem = match["stem"]
    for cut in (index for index, letter in enumerate(stem) if letter == "-"):
        if canonical(stem[:cut]) == canonical(package):
            return stem[cut + 1 :]
    return None


def point_of(version: Version, files: Sequence[IndexFile], asked: ReleaseChoice) -> Point:
    """A release with what is known of it."""
    allowed = [file for file in files if allows(file.requires_python or "", asked.python)]
    wheel = any(is_wheel_for(file, asked.python) for file in allowed)
    sdist = any(SDIST.fullmatch(file.name) for file in allowed)
    yanked = [file.yanked for file in files if file.yanked is not None]
    notes = []
    if len(yanked) == len(files):
        notes.append(f"yanked: {yanked[0]}" if yanked[0] else "yanked")
    if not wheel and sdist:
        notes.append("must be built: no wheel for this Python")
    return Point(
        label=version.text,
        date=min((file.date for file in files if file.date), default=None),
        link=f"{asked.page}{version.text}/" if asked.page else None,
        has_wheel=wheel,
        notes=tuple(notes),
        fault=None if wheel or sdist else fault_of(files, allowed, asked),
    )


def is_wheel_for(file: IndexFile, python: tuple[int, ...]) -> bool:
    match = WHEEL.fullmatch(file.name)
    return match is not None and wheel_fits(match["tags"], python)


def fault_of(files: Sequence[IndexFile], allowed: Sequence[IndexFile], asked: ReleaseChoice) -> str:
    python = ".".join(map(str, asked.python[:2]))
    if not allowed:
        return f"it needs Python {files[0].requires_python}"
    return f"it has neither a wheel for Python {python} on this machine nor a source"
