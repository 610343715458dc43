"""The next guess on another Python, which packages or the app need."""

import re
from collections.abc import Iterator
from dataclasses import replace

from lab.app.guess.failures import Failure, FailureKind
from lab.app.guess.guess_records import Guess, Guessed
from lab.app.guess.pythons import minor_of
from lab.app.spec import PYTHON

MAX_PYTHONS = 3
NOT_HAD = "the one before cannot be had"
NO_PYTHON = re.compile(r"no CPython 3\.\d+")
PINS_MINOR = 11
"""Below it lies the Python that most releases of some years ago have wheels for."""
NEW_MINOR = 10
"""The minor version of the first Python for which packages still make releases."""


def before_python(guess: Guess, minor: int, why: str) -> Iterator[Guess]:
    """The guess with the first of the other Pythons that is older than a minor version."""
    older = [each for each in guess.pythons if int(each.partition(".")[2]) < minor]
    if older:
        note = f"python = {older[0]}: {why}"
        changed = with_pythons(guess, tuple(older[1:]))
        yield changed.having(Guessed("python", older[0], note)).noting(note)


def newer_python(guess: Guess, failure: Failure) -> Iterator[Guess]:
    """The guess with a newer Python, where the stated one only has older releases."""
    lacks = re.search(r"module '\w+' has no attribute|cannot import name", failure.said)
    minor = int(str(guess.value("python") or PYTHON).partition(".")[2])
    newer = [each for each in guess.pythons if int(each.partition(".")[2]) >= NEW_MINOR]
    if lacks and minor < NEW_MINOR and newer:
        note = f"python = {newer[0]}: the releases for 3.{minor} lack what is used"
        rest = tuple(each for each in guess.pythons if each != newer[0])
        yield with_pythons(guess, rest).having(Guessed("python", newer[0], note)).noting(note)


PINNED = re.compile(r"==\s*\d")
FRAME = re.compile(r'^\s*File "([^"\n]{1,300})", line \d+', re.MULTILINE)
NO_OWN = re.compile(r"/site-packages/|/lib/python3\.\d+/|<frozen ")
OF_PINS = "packages of pinned releases fail on import"


def python_of_pins(guess: Guess, failure: Failure, lines: list[str]) -> Iterator[Guess]:
    """An older Python, where a start fails inside packages that are pinned, perhaps for years.

    Args:
        lines: what is required, each line.
    """
    if failure.kind is not FailureKind.DIED:
        return
    stated = guess.key("python")
    is_free = stated is None or "requires-python" in stated.why
    frames = FRAME.findall(failure.said)
    is_inside = bool(frames) and NO_OWN.search(frames[-1]) is not None
    if is_free and is_inside and any(PINNED.search(line) for line in lines):
        yield from before_python(guess, PINS_MINOR, OF_PINS)


def nearest_first(guess: Guess) -> list[str]:
    """The Pythons that are left, the next older one first: what cannot be built is mostly old."""
    now = minor_of(str(guess.value("python") or PYTHON))
    older = sorted((p for p in guess.pythons if minor_of(p) < now), key=minor_of, reverse=True)
    return [*older, *(p for p in guess.pythons if p not in older)]


def with_pythons(guess: Guess, rest: tuple[str, ...]) -> Guess:
    return replace(guess, pythons=rest)


def other_python(guess: Guess, failure: Failure) -> Iterator[Guess]:
    """The guess with another Python, where the packages cannot be installed on the one before."""
    is_missing = NO_PYTHON.search(failure.said) is not None
    why = NOT_HAD if is_missing else "its packages cannot be installed"
    tried = sum(1 for note in guess.notes if note.startswith("python = ") and why in note)
    left = nearest_first(guess)
    if is_missing and not left and not tried:
        left = [f"3.{minor_of(str(guess.value('python') or PYTHON)) - 1}"]
    if left and tried < MAX_PYTHONS:
        first, *rest = left
        note = f"python = {first}: {why}"
        yield with_pythons(guess, tuple(rest)).having(Guessed("python", first, note)).noting(note)
