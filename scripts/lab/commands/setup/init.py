"""`lab init`: write a first lab.toml into an app's folder from a guess; never over one."""

import argparse
import shlex
from dataclasses import replace
from pathlib import Path

from lab.app.folder import check_folder
from lab.app.guess.folder import read_folder
from lab.app.guess.guess import guess
from lab.app.guess.guess_records import Guess
from lab.app.guess.render import render, sentences
from lab.app.spec import FILE
from lab.errors import ExitCode, UsageError
from lab.settings import given_settings
from lab.text.phrases import printable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("app", nargs="?", help="the folder that holds the app (else APP)")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Decided once the file is written.

    Raises:
        UsageError: there is no such folder, or it has a lab.toml.
    """
    app = arguments.app or given_settings().get("APP", "")
    if not app:
        raise UsageError("make init needs APP=, the folder that holds the app")
    file, guesses = write_first(Path(app).expanduser())
    print(printable("\n  ".join((f"lab: wrote {file}; guessed:", *sentences(guesses)))))
    print(printable(f"lab: look it over, then: make try APP={shlex.quote(app)}"))
    return ExitCode.DECIDED


def write_first(folder: Path) -> tuple[Path, Guess]:
    """The new file and what was guessed for it; nothing is asked of the app.

    Raises:
        UsageError: there is no such folder, or it has a lab.toml.
    """
    check_folder(folder, folder)
    guessed, file = guess(read_folder(folder)), folder / FILE
    # Routes with values in them are all that some apps have, and / is then answered with 404.
    guessed = replace(guessed, requests=guessed.requests or guessed.filled)
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(render(guessed))
    except FileExistsError:
        raise UsageError(
            f"{file} exists, and nothing is written over it: edit it, or move it away and try again"
        ) from None
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from error
    return file, guessed
