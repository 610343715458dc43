"""The lock of a run's environment: the version of every package that the app reported."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lab.text.packages import NOT_ON_INDEX, is_version
from lab.text.phrases import clipped, counted, listed, printable

INSTALLERS = frozenset({"pip"})
"""What the base of an image brings, and no app asks for."""
MOST_PYTHON = 40
PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})")
LINE = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)")


@dataclass(frozen=True, slots=True)
class LockText:
    """The text of a lock, and what it is in one sentence."""

    text: str
    said: str


def pins_of(packages: Mapping[str, str]) -> Mapping[str, str]:
    """Versions by name, without installers and without what no index can have."""
    return {
        name: version
        for name, version in sorted(packages.items(), key=lambda each: each[0].lower())
        if name.lower() not in INSTALLERS and PLAIN.fullmatch(name) and is_version(version)
    }


def hashes_of(compiled: str) -> Mapping[str, tuple[str, ...]]:
    """The hashes by `name==version`, in lower case, out of what `uv pip compile` wrote."""
    hashes_by_pin: dict[str, list[str]] = {}
    key = ""
    for line in compiled.splitlines():
        if match := LINE.match(line):
            key = pin_key(match[1], match[2])
        if key:
            hashes_by_pin.setdefault(key, []).extend(HASH.findall(line))
    return {key: tuple(sorted(hashes)) for key, hashes in hashes_by_pin.items()}


def pin_key(name: str, version: str) -> str:
    return f"{re.sub(r'[-_.]+', '-', name).lower()}=={version}"


def lock_of(
    pins: Mapping[str, str], hashes: Mapping[str, tuple[str, ...]], python: str
) -> LockText:
    """A lock with a line for each package; what the index has not stands in a comment.

    Hashes stand in all lines or in none: an installer that finds one demands them of all.
    """
    pin_hashes = {name: hashes.get(pin_key(name, each), ()) for name, each in pins.items()}
    unknown = [name for name, each in pin_hashes.items() if not each]
    is_asked = len(unknown) < len(pins)
    release = printable(clipped(python, MOST_PYTHON))
    lines = [f"# Every package of the run's environment, CPython {release}."]
    for name, version in pins.items():
        mark = NOT_ON_INDEX if is_asked and not pin_hashes[name] else ""
        words = (f"{mark}{name}=={version}", *(f"--hash={each}" for each in pin_hashes[name]))
        lines.append(" ".join(words))
    return LockText("\n".join(lines) + "\n", lock_sentence(len(pins), unknown))


def lock_sentence(count: int, unknown: list[str]) -> str:
    packages = counted(count, "package")
    if not count:
        return "The app reported no package."
    if not unknown:
        return f"{packages}, each with the hashes that the index has."
    if len(unknown) == count:
        return f"{packages} with versions alone, as no index answered."
    return f"{packages} with hashes, except those that the index does not have: {listed(unknown)}."
