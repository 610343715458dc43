"""What a Pipfile and its lock ask for."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lab.app.guess import poetry
from lab.app.guess.folder import Folder, joined
from lab.app.guess.guess_records import Guessed
from lab.app.guess.locks import name_in, normal
from lab.app.guess.pythons import table

LOCK = "Pipfile.lock"


def from_pipfile(folder: Folder, where: str, values: Mapping[str, Any]) -> Guessed | None:
    """The packages of a Pipfile, in the versions of its lock where there is one.

    Args:
        values: the Pipfile's tables.
    """
    named = list(poetry.requirements(table(values, "packages")))
    pins = locked_pins(folder, where)
    free = [each for each in named if name_in(each) not in pins]
    if named and 5 * len(free) <= len(named):
        return Guessed("requirements", [*pins.values(), *free], f"the Pipfile, as {LOCK} pins it")
    return Guessed("requirements", named, "packages of the Pipfile") if named else None


def with_lock(folder: Folder, where: str, lines: Sequence[str]) -> list[str] | None:
    """Requirements without versions in those of a lock beside them; None where they have some."""
    pins = locked_pins(folder, where)
    free = [name for line in lines if (name := name_in(line)) and "==" not in line]
    covered = sum(1 for name in free if name in pins)
    if not free or 2 * len(free) < len(lines) or 5 * covered < 4 * len(free):
        return None
    kept = [line for line in lines if "==" in line or name_in(line) not in pins]
    stated = {name_in(line) for line in kept}
    return [*kept, *(pin for name, pin in pins.items() if name not in stated)]


def locked_pins(folder: Folder, where: str) -> dict[str, str]:
    """The pins of a lock by their normalized names; empty where there is none."""
    try:
        packages = json.loads(folder.text(joined(where, LOCK)))["default"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    return dict(pins_of(packages)) if isinstance(packages, dict) else {}


def pins_of(packages: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, entry in packages.items():
        version = entry.get("version") if isinstance(entry, dict) else None
        if isinstance(version, str) and version.startswith("==") and name_in(name):
            given = entry.get("extras")
            extras = f"[{','.join(map(str, given))}]" if isinstance(given, list) and given else ""
            marker = f" ; {entry['markers']}" if isinstance(entry.get("markers"), str) else ""
            yield normal(name), f"{name}{extras}{version}{marker}"
