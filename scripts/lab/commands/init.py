"""Writes a first lab.toml beside an app; never over one."""

import contextlib
import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

from lab.app.guess.guess import Folder, Guessed, guess, render, sentences
from lab.app.spec import FILE
from lab.app.spec_file import parse
from lab.errors import LabError, UsageError

TELLING = ("Procfile", "Dockerfile", "requirements.txt", ".python-version", "pyproject.toml")
SKIPPED = frozenset(
    {"venv", "env", "node_modules", "site-packages", "__pycache__", "tests", "test"}
)
MOST_FILES, MOST_DEPTH, MOST_BYTES = 300, 3, 500_000


def python_files(folder: Path) -> Iterator[Path]:
    """The nearest ones to the top; what is no source of the app is left out."""
    for where, folders, files in os.walk(folder):
        depth = len(Path(where).relative_to(folder).parts)
        folders[:] = sorted(
            name
            for name in folders
            if depth < MOST_DEPTH and name not in SKIPPED and not name.startswith(".")
        )
        yield from (Path(where, name) for name in sorted(files) if name.endswith(".py"))


def read_folder(folder: Path) -> Folder:
    paths = [folder / name for name in TELLING]
    paths += [path for path, _ in zip(python_files(folder), range(MOST_FILES), strict=False)]
    files = {}
    for path in paths:
        with contextlib.suppress(OSError, UnicodeDecodeError):
            if path.stat().st_size <= MOST_BYTES:
                files[path.relative_to(folder).as_posix()] = path.read_text(encoding="utf-8")
    return Folder(files)


def write_first(folder: Path) -> tuple[Path, tuple[Guessed, ...]]:
    """The new file and what was guessed for it.

    Raises:
        UsageError: there is no such folder, or it has a lab.toml.
    """
    if not folder.is_dir():
        raise UsageError(f"APP={folder} is no folder: name the one that holds the app")
    read = read_folder(folder)
    pyproject = {}
    with contextlib.suppress(LabError):
        pyproject = parse(read.text("pyproject.toml"), folder / "pyproject.toml")
    found, file = guess(read, pyproject), folder / FILE
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(render(found))
    except FileExistsError:
        raise UsageError(f"{file} is there already and stays as it is") from None
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from error
    return file, found


def main(words: list[str]) -> int:
    """`python -m lab.commands.init FOLDER`: the standard library is enough for it."""
    try:
        if len(words) != 1 or not words[0]:
            raise UsageError("make init needs APP=, the folder that holds the app")
        file, found = write_first(Path(words[0]))
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return error.exit_code
    print(f"lab: wrote {file}; guessed:", *sentences(found), sep="\n  ")
    print(f"lab: look it over, then: make try APP={shlex.quote(words[0])}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
