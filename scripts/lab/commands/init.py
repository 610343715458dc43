"""Writes a first lab.toml beside an app; never over one."""

import shlex
import sys
from pathlib import Path

from lab.app.guess.folder import read_folder
from lab.app.guess.guess import guess
from lab.app.guess.guessed import Guess
from lab.app.guess.render import render, sentences
from lab.app.spec import FILE
from lab.errors import LabError, UsageError


def write_first(folder: Path) -> tuple[Path, Guess]:
    """The new file and what was guessed for it.

    Raises:
        UsageError: there is no such folder, or it has a lab.toml.
    """
    if not folder.is_dir():
        raise UsageError(f"APP={folder} is no folder: name the one that holds the app")
    found, file = guess(read_folder(folder)), folder / FILE
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
