"""The texts of an app's folder that a guess is made from: bounded, and nothing is followed."""

import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from lab.app.guess.source import Module, read_module
from lab.errors import LabError
from lab.files import read_bytes

TELLING = re.compile(
    r"(.*\.py|procfile|(.*[._-])?dockerfile|dockerfile\..*|(docker-)?compose(\..*)?\.ya?ml"
    r"|.*requirements?.*\.(txt|in)|constraints.*\.txt|\.python-version|runtime\.txt|pyproject\.toml"
    r"|setup\.cfg|(production|development)\.ini|pipfile(\.lock)?|(uv|poetry)\.lock|alembic\.ini|schema\.sql|.*\.sh"
    r"|\.?env[._-](example|sample|dist|template|default)|(example|sample|template)\.env"
    r"|\.env(\.(dev|development|local|test|docker))?"
    r"|.*(config|settings|polls|app).*\.(ya?ml|ini|toml)|readme(\.(md|rst|txt))?)",
    re.IGNORECASE,
)
"""Names of files that say something of how an app is run."""
SKIPPED = frozenset(
    {"venv", "env", "node_modules", "site-packages", "__pycache__", "bower_components"}
    | {"tests", "test", "testing", "docs", "doc", "build", "dist", "static", "media"}
)
REQUIREMENT_FOLDERS = ("requirements", "requirement", "reqs")
DOTTED = frozenset({".devcontainer", ".docker", ".deploy"})
MAX_FOLDER_FILES, MAX_FOLDER_DEPTH, MAX_SOURCE_BYTES, MAX_ENTRIES = 600, 6, 1_500_000, 20_000


@dataclass(frozen=True)
class Folder:
    """The texts of an app's folder by their names there, with forward slashes."""

    files: Mapping[str, str]

    @cached_property
    def modules(self) -> tuple[Module, ...]:
        """The Python files, those nearest to the top first."""
        python = [(name, text) for name, text in self.files.items() if name.endswith(".py")]
        ordered = sorted(python, key=lambda item: (item[0].count("/"), item[0]))
        return tuple(module for name, text in ordered if (module := read_module(name, text)))

    @cached_property
    def python_folders(self) -> frozenset[str]:
        """Folders below the top with Python files somewhere in them."""
        inside = [str(up) for module in self.modules for up in PurePosixPath(module.path).parents]
        return frozenset(inside) - {"."}

    def text(self, name: str) -> str:
        return self.files.get(name, "")

    def named(self, pattern: str, below: str = "") -> list[str]:
        """Names of files whose last part has the pattern, the nearest to the top first."""
        matches = re.compile(pattern, re.IGNORECASE).fullmatch
        names = [name for name in self.files if matches(name.rpartition("/")[2])]
        inside = [name for name in names if not below or name.startswith(below + "/")]
        return sorted(inside, key=lambda name: (name.count("/"), len(name), name))

    def beside(self, where: str, pattern: str) -> str | None:
        """The nearest file of that name in a folder or one above it."""
        return next(
            (names[0] for up in upwards(where) if (names := self.inside(up, pattern))), None
        )

    def inside(self, where: str, pattern: str) -> list[str]:
        """Files of that pattern in a folder itself."""
        return [name for name in self.named(pattern) if parent_of(name) == where]


def upwards(where: str) -> Iterator[str]:
    """A folder, then those above it, to the top."""
    while where:
        yield where
        where = parent_of(where)
    yield ""


def parent_of(name: str) -> str:
    return name.rpartition("/")[0]


def joined(*parts: str) -> str:
    """Parts of a path, the empty ones left out."""
    return "/".join(part for part in parts if part)


def read_folder(folder: Path) -> Folder:
    """What a folder holds of such files; one that cannot be read is passed over."""
    folder = folder.resolve()
    files = {}
    for path in telling_files(folder):
        with contextlib.suppress(LabError, UnicodeDecodeError):
            text = read_bytes(path, MAX_SOURCE_BYTES).decode("utf-8-sig")
            files[path.relative_to(folder).as_posix()] = text
        if len(files) == MAX_FOLDER_FILES:
            break
    return Folder(files)


def telling_files(folder: Path) -> Iterator[Path]:
    """The files, top folders first, so that a limit leaves out deep ones; follows no symlink."""
    level, entries = [folder], 0
    for _ in range(MAX_FOLDER_DEPTH):
        below: list[Path] = []
        for where in level:
            names, folders = listed(where)
            entries += len(names) + len(folders)
            yield from (where / name for name in names if is_telling(where.name, name))
            below += [where / name for name in folders if is_source(name)]
            if entries > MAX_ENTRIES:
                return
        level = below


def is_telling(where: str, name: str) -> bool:
    """Whether a file says something of how an app is run, by its name and its folder's."""
    lists = where.lower() in REQUIREMENT_FOLDERS and name.endswith((".txt", ".in"))
    return lists or TELLING.fullmatch(name) is not None


def listed(where: Path) -> tuple[list[str], list[str]]:
    """Names of the regular files and of the folders in a folder."""
    try:
        with os.scandir(where) as entries:
            bounded = [entry for entry, _ in zip(entries, range(MAX_ENTRIES), strict=False)]
    except OSError:
        return [], []
    files = sorted(entry.name for entry in bounded if entry.is_file(follow_symlinks=False))
    return files, sorted(entry.name for entry in bounded if entry.is_dir(follow_symlinks=False))


def is_source(name: str) -> bool:
    return name in DOTTED or (name.lower() not in SKIPPED and not name.startswith("."))
