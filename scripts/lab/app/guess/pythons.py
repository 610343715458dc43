"""Which CPython an app runs on, by what its project says."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lab.app.guess.folder import Folder, joined, upwards
from lab.app.guess.guess_records import Guessed
from lab.app.spec import PYTHON

KNOWN = tuple(range(7, 15))
"""The minor versions that the lab runs."""
PREFERRED = (12, 13, 11, 10, 9, 8, 7, 14)
"""The first that most packages have wheels for, then its neighbours."""
Pins = tuple[int, str] | None
CLAUSE = re.compile(r"(~=|==|!=|<=|>=|<|>|\^|~)?\s*3(?:\.(\d{1,3}|\*))?(?:\.[\d*]+)?(?:[a-z]+\d*)?")

FROM = re.compile(r"^[ \t]*FROM[ \t]+(?:--\S+[ \t]+)?(\S{1,300})", re.MULTILINE | re.IGNORECASE)
TAG = re.compile(r"(3\.\d{1,2})(?!\d)")
PIPFILE = re.compile(r"^python_(?:full_)?version\s*=\s*['\"](3\.\d{1,2})(?!\d)", re.MULTILINE)


def is_admitted(specifier: str, minor: int) -> bool:
    """Whether a specifier (`>=3.8,<3.12`, `^3.9`) admits some release of `3.minor`."""
    alternatives = specifier.split("||")
    return any(all(admits(c, minor) for c in clauses(part)) for part in alternatives)


def clauses(part: str) -> list[re.Match[str]]:
    return [match for match in CLAUSE.finditer(part.replace("=3", "= 3"))]


def admits(clause: re.Match[str], minor: int) -> bool:
    operator, stated = clause[1] or "", clause[2]
    if stated in (None, "*"):
        return operator not in ("<", "!=")
    least, patched = int(stated), bool(re.search(r"3\.\d+\.\d", clause[0]))
    match operator:
        case ">=" | "^":
            return minor >= least
        case ">":
            return minor > least or (patched and minor == least)
        case "<":
            return minor < least or (patched and minor == least and not clause[0].endswith(".0"))
        case "<=":
            return minor <= least
        case "!=":
            return patched or minor != least
        case "~=":
            return minor == least if patched else minor >= least
        case _:
            return minor == least


def admitted_pythons(specifier: str) -> list[str]:
    """The lab's Pythons that a specifier admits, the one to take first."""
    return [f"3.{minor}" for minor in PREFERRED if is_admitted(specifier, minor)]


def stated_pythons(
    folder: Folder, project: str, pyproject: Mapping[str, Any], pins: Pins
) -> Iterator[Guessed]:
    """What the project says of its Python, the most exact first."""
    for where in upwards(project):
        text = folder.text(joined(where, ".python-version"))
        if match := re.match(r"\s*(?:cpython-?)?(3\.\d{1,2})(?!\d)", text):
            yield Guessed("python", match[1], ".python-version")
        text = folder.text(joined(where, "runtime.txt"))
        if match := re.match(r"\s*python-(3\.\d{1,2})(?!\d)", text):
            yield Guessed("python", match[1], "runtime.txt")
    for name in folder.named(r"(.*[._-])?dockerfile|dockerfile\..*", project):
        if versions := from_versions(folder.text(name)):
            yield Guessed("python", versions[-1], f"FROM of {name}")
    pipfile = folder.text(joined(project, "Pipfile"))
    if match := PIPFILE.search(pipfile):
        yield Guessed("python", match[1], "Pipfile")
    yield from python_in_range(pyproject, folder.text(joined(project, "setup.cfg")), pins)
    if pins is not None and pins[0] < int(PYTHON.partition(".")[2]):
        yield Guessed("python", f"3.{pins[0]}", f"the newest that {pins[1]} runs on")


def from_versions(dockerfile: str) -> list[str]:
    """The versions in the tags of its images of Python."""
    images = (image.lower().partition("python") for image in FROM.findall(dockerfile))
    tags = (TAG.search(after.partition(":")[2]) for _, found, after in images if found)
    return [tag[1] for tag in tags if tag]


def python_in_range(pyproject: Mapping[str, Any], setup: str, pins: Pins) -> Iterator[Guessed]:
    poetry = table(pyproject, "tool", "poetry", "dependencies").get("python")
    asked = table(pyproject, "project").get("requires-python") or poetry
    if asked is None and (match := re.search(r"^python_requires\s*=\s*(.+)$", setup, re.MULTILINE)):
        asked = match[1]
    if isinstance(asked, str) and (versions := admitted_pythons(asked)):
        fitting = [each for each in versions if pins is None or minor_of(each) <= pins[0]]
        why = f"the first that its requires-python admits ({asked})"
        also = f" and {pins[1]} runs on" if pins is not None and fitting[:1] != versions[:1] else ""
        yield Guessed("python", (fitting or versions)[0], why + (also if fitting else ""))


def minor_of(python: str) -> int:
    return int(python.partition(".")[2])


def table(values: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """A table below tables; empty where there is none."""
    node: Any = values
    for name in names:
        node = node.get(name) if isinstance(node, Mapping) else None
    return node if isinstance(node, Mapping) else {}


def python(
    folder: Folder, project: str, pyproject: Mapping[str, Any], pins: Pins = None
) -> Guessed | None:
    """The most exact statement that names one of the lab's; None: the lab's own default.

    Args:
        pins: the newest minor version that the pinned packages run on, and the pin that says so.
    """
    versions = {f"3.{minor}" for minor in KNOWN}
    said = map(not_before, stated_pythons(folder, project, pyproject, pins))
    return next((each for each in said if each.value in versions), None)


def not_before(named: Guessed) -> Guessed:
    """The lab's oldest Python in the place of one before it."""
    if minor_of(named.value) >= KNOWN[0]:
        return named
    why = f"{named.why} says {named.value}: this is the lab's oldest"
    return Guessed("python", f"3.{KNOWN[0]}", why)


def other_pythons(first: str | None, pyproject: Mapping[str, Any]) -> list[str]:
    """The Pythons to go on with when the packages cannot be installed on the first."""
    poetry = table(pyproject, "tool", "poetry", "dependencies").get("python")
    asked = table(pyproject, "project").get("requires-python") or poetry
    versions = admitted_pythons(asked) if isinstance(asked, str) else admitted_pythons(">=3.7")
    order = [each for each in versions if each != (first or PYTHON)]
    return [each for each in order if each != "3.14"]
