"""A guess after the failures so far: they alone are kept, and the same guesses follow from them."""

import json
from collections.abc import Sequence
from pathlib import Path

from lab.app.guess.failures import Failure, FailureKind
from lab.app.guess.folder import Folder
from lab.app.guess.guess import guess
from lab.app.guess.guessed import Guess
from lab.app.guess.mend import mended
from lab.files import read_lines

MAX_SAID = 20_000


def after(folder: Folder, failures: Sequence[Failure]) -> Guess | None:
    """The guess that follows; None where there is none left."""
    found: Guess | None = guess(folder)
    for failure in failures:
        found = mended(found, failure, folder) if found is not None else None
    return found


def read_failures(file: Path) -> list[Failure]:
    """Those that were written, the first one first.

    Raises:
        LabError: the file cannot be read.
    """
    records = (json.loads(line) for line in read_lines(file))
    return [
        Failure(
            FailureKind(each["kind"]),
            each["said"],
            tuple(each["ports"]),
            each["told"],
            each["in_image"],
        )
        for each in records
    ]


def add_failure(file: Path, failure: Failure) -> None:
    record = {
        "kind": failure.kind.value,
        "said": failure.said[-MAX_SAID:],
        "ports": failure.ports,
        "told": failure.told[-MAX_SAID:],
        "in_image": failure.in_image,
    }
    with file.open("a", encoding="utf-8") as out:
        out.write(json.dumps(record) + "\n")
