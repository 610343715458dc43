"""What an app's packages are installed from, as one text: files inlined, paths in its own copy."""

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from lab.app.spec import AppSpec
from lab.errors import LabError, UsageError
from lab.files import read_bytes
from lab.named_paths import path_below
from lab.text.packages import LOCK, NOT_ON_INDEX
from lab.text.phrases import clipped

MAX_CHAIN, MAX_REQUIREMENTS_BYTES, MAX_REQUIREMENTS_FILES, MAX_LINES = 50, 1_000_000, 20_000, 20_000
FILE = re.compile(r"\s*(-r|--requirement|-c|--constraint)[ =]*(\S+)\s*(?:#.*)?$")
LIMITS = ("-c", "--constraint")
EDITABLE = re.compile(r"\s*(?:-e|--editable)[ =]*(.+)$")
LOCAL = re.compile(r"\s*(?:file:)?(\.{1,2}(?:/[^\s\[;#]*)?)(\[[^\]]*\])?\s*((?:[;#].*)?)$")
HASHES = " --hash="
"""What stands behind a version."""
CONSTRAINED = "# constraint: "
"""The mark in front of a line that only limits versions."""


def lines_of(description: AppSpec) -> list[str]:
    """The lines of the description's requirements, before any file is opened."""
    if description.requirements_file is not None:
        name = description.requirements_file.relative_to(description.folder.resolve())
        return [f"-r {name.as_posix()}"]
    return list(description.requirements)


def flattened(description: AppSpec, base: str) -> tuple[str, str]:
    """The requirements and the constraints as texts that name no other file.

    Args:
        base: where the app's copy lies when they are installed; local paths are led to it.

    Raises:
        UsageError: a file that is named is missing or not in the folder, or the paths are.
    """
    wanted: list[str] = []
    limits: list[str] = []
    for line in bounded(description, inlined(description, lines_of(description), Path())):
        (limits if line.startswith(CONSTRAINED) else wanted).append(line)
    wanted = [led_to(description, line, base) for line in wanted]
    limits = [line.removeprefix(CONSTRAINED) for line in limits]
    locked = read_lock(description)
    is_whole = bool(locked) and all(HASHES in line for line in locked)
    if is_whole and not any(base in line for line in wanted):
        return text(locked), ""
    return text(wanted), text([*limits, *map(without_hashes, locked)])


def read_lock(description: AppSpec) -> list[str]:
    """The lines of the app's lock, which names every package; empty where it has none.

    Raises:
        UsageError: the lock is not a file of the app's folder.
    """
    if not os.path.lexists(description.folder / LOCK):
        return []
    lines = (line.strip() for line in read(description, Path(LOCK)))
    return [
        line
        for line in lines
        if line and (not line.startswith("#") or line.startswith(NOT_ON_INDEX))
    ]


def without_hashes(line: str) -> str:
    """A line of a lock as a limit beside what has no hash, such as the app's own folder."""
    return line.partition(HASHES)[0]


def text(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def inlined(description: AppSpec, lines: Sequence[str], where: Path) -> Iterator[str]:
    """The lines with those of the files that they name, in place of the names.

    Raises:
        UsageError: a file that is named cannot be read, or leads back to itself.
    """
    return Inliner(description).lines(lines, where, ())


class Inliner:
    """Puts the lines of files in the place of their names, each file once."""

    def __init__(self, description: AppSpec) -> None:
        self.description = description
        self.done = set[tuple[bool, str]]()
        """Whether it limits, and the name, of each file that was put in its place."""

    def lines(
        self, lines: Sequence[str], where: Path, above: tuple[str, ...], *, is_limit: bool = False
    ) -> Iterator[str]:
        """The lines in a folder of the app's, below the files that led to them."""
        for line in lines:
            if match := FILE.match(line):
                limits = is_limit or match[1] in LIMITS
                yield from self.of_file(where / match[2], above, is_limit=limits)
            else:
                yield in_folder(self.description, line, where)

    def of_file(self, name: Path, above: tuple[str, ...], *, is_limit: bool) -> list[str]:
        text = os.path.normpath(name)
        if text in above:
            raise self.refused(f"{text} leads back to itself")
        if len(above) == MAX_CHAIN:
            raise self.refused(f"{text} is named by a chain of {MAX_CHAIN} files: name it directly")
        if (is_limit, text) in self.done:
            return []
        lines = read(self.description, name)
        below = self.lines(lines, name.parent, (*above, text), is_limit=is_limit)
        inside = bounded(self.description, below)
        self.done.add((is_limit, text))
        if not is_limit:
            return inside
        plain = (each.removeprefix(CONSTRAINED) for each in inside)
        return [
            f"{CONSTRAINED}{each}" for each in plain if each.strip() and each.lstrip()[0] != "#"
        ]

    def refused(self, reason: str) -> UsageError:
        return UsageError(f"{self.description.file}: requirements: {clipped(reason, 200)}")


def bounded(description: AppSpec, lines: Iterator[str]) -> list[str]:
    """The lines, of which files that name each other again and again make any number."""
    kept = list(islice(lines, MAX_LINES + 1))
    if len(kept) > MAX_LINES:
        raise UsageError(f"{description.file}: requirements: more than {MAX_LINES:,} lines")
    return kept


def in_folder(description: AppSpec, line: str, where: Path) -> str:
    """A line whose local path starts at the app's folder.

    Pip takes it from where it is called, which is the project: the nearest folder above the file
    that has such a path.
    """
    if editable := EDITABLE.match(line):
        line = editable[1].strip()
    match = LOCAL.match(line)
    if match is None:
        return line
    for up in (where, *where.parents):
        project = up / match[1]
        if is_project(description.folder / project):
            return f"./{project.as_posix()}{match[2] or ''} {match[3]}".rstrip()
    return line


PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg")


def is_project(folder: Path) -> bool:
    if os.path.isfile(folder):
        return folder.suffix in (".whl", ".gz", ".zip")
    return any(os.path.isfile(folder / name) for name in PROJECT_FILES)


def read(description: AppSpec, name: Path) -> list[str]:
    path = path_below(description.folder, name)
    if path is None:
        raise UsageError(
            f"{description.file}: requirements: {clipped(str(name), 80)!r} is not a file of the"
            " app's folder"
        )
    try:
        return read_bytes(path, MAX_REQUIREMENTS_BYTES).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        return read_bytes(path, MAX_REQUIREMENTS_BYTES).decode("utf-16", "replace").splitlines()
    except LabError as error:
        raise UsageError(f"{description.file}: requirements: {error}") from error


def led_to(description: AppSpec, line: str, base: str) -> str:
    """A local path as one in the app's copy."""
    match = LOCAL.match(line)
    if match is None:
        return line
    folder = description.folder.resolve()
    path = path_below(folder, match[1])
    if path is None:
        raise UsageError(
            f"{description.file}: requirements: {clipped(match[1], 80)!r} is not in the app's "
            "folder"
        )
    local = f"{base}/{path.relative_to(folder).as_posix()}".removesuffix("/.")
    return f"{local}{match[2] or ''} {match[3]}".rstrip()


def is_local(description: AppSpec) -> bool:
    """Whether something of the app's own folder is installed."""
    there = flattened(description, "\0")
    return any("\0" in each for each in there)


def content(description: AppSpec) -> bytes:
    """The bytes that the packages depend on: the text, and the files of an installed folder."""
    wanted, limits = flattened(description, "\0")
    digest = hashlib.sha256(wanted.encode() + b"\0" + limits.encode())
    for more in filter(None, (description.index_url, description.install)):
        digest.update(b"\0" + more.encode())
    if "\0" in wanted or description.install:
        for path in own_files(description.folder.resolve()):
            digest.update(path.name.encode(errors="replace") + b"\0" + path.read_bytes())
    return digest.digest()


def own_files(folder: Path) -> list[Path]:
    """The sources of a folder that is installed, in a fixed order."""
    suffixes = {".py", ".toml", ".cfg", ".txt", ".in", ".md", ".rst"}
    sources = (p for p in folder.rglob("*") if p.suffix in suffixes and not p.is_symlink())
    regular = [p for p in sources if p.is_file() and p.stat().st_size <= MAX_REQUIREMENTS_BYTES]
    hidden = {".git", ".venv", "venv", "node_modules"}
    kept = [p for p in regular if not hidden & set(p.relative_to(folder).parts)]
    return sorted(kept)[:MAX_REQUIREMENTS_FILES]
