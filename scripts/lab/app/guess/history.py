"""A guess after the failures so far: they alone are kept, and the same guesses follow from them."""

import json
from collections.abc import Sequence
from pathlib import Path

from lab.app.guess.compose_image import with_composed_image
from lab.app.guess.failures import Failure, FailureKind, missing_service
from lab.app.guess.folder import Folder
from lab.app.guess.guess import guess
from lab.app.guess.guess_records import Guess
from lab.app.guess.mend import mended
from lab.app.guess.mend_pythons import NO_PYTHON
from lab.files import read_lines

MAX_SAID = 20_000


def guesses(
    folder: Folder, failures: Sequence[Failure], *, has_docker: bool = False
) -> list[Guess | None]:
    """The first guess, and the one that follows each failure; None where there is none left.

    Args:
        has_docker: whether images can be built, by its Compose file and with packages of Debian.
    """
    first = guess(folder)
    made: list[Guess | None] = [with_composed_image(first, folder) if has_docker else first]
    for failure in failures:
        last = made[-1]
        better = mended(last, failure, folder, has_docker=has_docker) if last is not None else None
        made.append(better)
    return made


def after(folder: Folder, failures: Sequence[Failure], *, has_docker: bool = False) -> Guess | None:
    """The guess that follows; None where there is none left."""
    return guesses(folder, failures, has_docker=has_docker)[-1]


def telling_failure(
    folder: Folder, failures: Sequence[Failure], *, has_docker: bool = False
) -> Failure:
    """The first failure that a guess could not mend: a service that is missing, or its command.

    The last one where each was mended.
    """
    if (missing := missing_python(failures)) is not None:
        return missing
    made = guesses(folder, failures, has_docker=has_docker)
    for failure, failed, better in zip(failures, made, made[1:], strict=False):
        gives_up = failed is None or better is None or len(better.commands) < len(failed.commands)
        has_server = failed and better and failed.value("services") != better.value("services")
        lacks_one = missing_service(failure.said) and not has_server
        if gives_up or lacks_one or failure.kind is FailureKind.SERVICE:
            return failure
    return failures[-1]


def missing_python(failures: Sequence[Failure]) -> Failure | None:
    """The failure that the stated Python is not here, where another cannot read its files."""
    cannot_read = any("SyntaxError: " in failure.said for failure in failures)
    lacks = (f for f in failures if f.kind is FailureKind.INSTALL and NO_PYTHON.search(f.said))
    return next(lacks, None) if cannot_read else None


def read_failures(file: Path) -> list[Failure]:
    """The failures that were written, the first one first.

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
        "told": failure.reason[-MAX_SAID:],
        "in_image": failure.in_image,
    }
    with file.open("a", encoding="utf-8") as out:
        out.write(json.dumps(record) + "\n")
