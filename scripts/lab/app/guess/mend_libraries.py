"""The next guess after a library or a program of the system that is not there."""

import re
from collections.abc import Iterator, Sequence

from lab.app.guess.failures import Failure
from lab.app.guess.folder import Folder
from lab.app.guess.guess_records import Guess, Guessed
from lab.app.guess.locks import name_in
from lab.app.guess.mend_installs import whole_lines
from lab.app.guess.system_libraries import (
    COMPILER,
    build_needs,
    lacks_compiler,
    missing_library,
    not_had,
)

SELF_CONTAINED = (
    (
        r"libGL\.so|libgthread-2\.0\.so|libSM\.so|libXext\.so",
        r"opencv(-contrib)?-python",
        r"\g<0>-headless",
    ),
    (r"no pq wrapper available", r"psycopg(?=[^\w\[-]|$)", "psycopg[binary]"),
)
"""What is missing, the package that asks for it, and the same that needs nothing of the system."""
KEY = "system_packages"


def without_library(guess: Guess, failure: Failure, folder: Folder) -> Iterator[Guess]:
    """The guess with a package that brings what another one takes from the system."""
    key = guess.key("requirements")
    whole = whole_lines(folder, key)
    for missing, name, other in SELF_CONTAINED:
        spelled = re.compile(rf"^{name}(?![\w-])", re.IGNORECASE)
        changed = [spelled.sub(other, line) for line in whole]
        if key is not None and changed != whole and re.search(missing, failure.said):
            pairs = zip(whole, changed, strict=True)
            why = " and ".join(f"{name_in(b)} for {name_in(a)}" for a, b in pairs if a != b)
            why = f"{why}, which needs a library of the system"
            yield guess.having(Guessed("requirements", changed, f"{key.why}; {why}")).noting(
                f"requirements: {why}"
            )


def with_library(guess: Guess, failure: Failure) -> Iterator[Guess]:
    """The guess of an image of the lab's with Debian's package of the library that is missing."""
    if missing := missing_library(failure.said):
        yield from having_packages(guess, missing.packages, f"for {missing.name}, which it loads")


def with_headers(guess: Guess, failure: Failure) -> Iterator[Guess]:
    """The same with what a build of its requirements looked for."""
    yield from having_packages(guess, build_needs(failure.said), "to build its requirements")


def with_compiler(guess: Guess, failure: Failure) -> Iterator[Guess]:
    """The same with a compiler, where a build found none."""
    if lacks_compiler(failure.said):
        yield from having_packages(guess, COMPILER, "to build its requirements")


def having_packages(guess: Guess, packages: Sequence[str], why: str) -> Iterator[Guess]:
    """The guess with those of the packages that no guess before had."""
    there = guess.value(KEY) or []
    more = [each for each in packages if each not in there and not was_refused(guess, each)]
    if more and guess.key("dockerfile") is None:
        changed = guess.having(Guessed(KEY, [*there, *more], why))
        yield changed.noting(f"{KEY} and {', '.join(more)}: {why}")


def without_packages(guess: Guess, failure: Failure) -> Iterator[Guess]:
    """The guess without the packages that Debian does not have by those names."""
    names, key = not_had(failure.said), guess.key(KEY)
    kept = [each for each in key.value if each not in names] if key else []
    if key is not None and len(kept) < len(key.value):
        changed = guess.having(Guessed(KEY, kept, key.why)) if kept else guess.without(KEY)
        yield changed.noting("".join(map(refusal, names)))


def refusal(name: str) -> str:
    return f"{KEY} without {name}: Debian has no such package; "


def was_refused(guess: Guess, name: str) -> bool:
    return any(refusal(name) in note for note in guess.notes)
