"""The distributions of an environment, and the lines that install them as they are."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from email.message import Message
from email.parser import BytesHeaderParser
from pathlib import Path

from lab.app.requirements import CONSTRAINED, LOCAL, inlined, lines_of
from lab.app.spec import AppSpec
from lab.errors import LabError
from lab.files import read_bytes
from lab.text.packages import canonical, is_distribution, is_version

REQUIRED = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
OPTION = re.compile(r"\s*--(?:index-url|extra-index-url|find-links|trusted-host)[ =]")
MOST_FOLDERS_READ = 5000
HASH = re.compile(r"\s--hash[ =]\S+|\s*\\$")


@dataclass(frozen=True, slots=True)
class Distribution:
    """One installed distribution."""

    name: str
    version: str
    requires: tuple[str, ...]
    """The names of those that it requires, in some case."""
    is_local: bool
    """Whether it was installed from a folder or a URL, not from an index."""


def distributions(python: Path) -> dict[str, Distribution]:
    """The distributions of an environment by their canonical names.

    Args:
        python: the environment's `bin/python3`.
    """
    folders = sorted(python.parents[1].glob("lib/python3*/site-packages/*.dist-info"))
    candidates = (distribution_in(folder) for folder in folders[:MOST_FOLDERS_READ])
    return {canonical(each.name): each for each in candidates if each is not None}


def distribution_in(folder: Path) -> Distribution | None:
    try:
        header: Message = BytesHeaderParser().parsebytes(read_bytes(folder / "METADATA"))
    except LabError:
        return None
    name, version = str(header.get("Name", "")), str(header.get("Version", ""))
    # Both become a line for an installer, in which more than a name could be an option.
    if not is_distribution(name) or not is_version(version):
        return None
    required = (REQUIRED.match(line) for line in map(str, header.get_all("Requires-Dist", [])))
    return Distribution(
        name=name,
        version=version,
        requires=tuple(canonical(match[1]) for match in required if match),
        is_local=(folder / "direct_url.json").exists(),
    )


def closure(package: str, installed: Mapping[str, Distribution]) -> set[str]:
    """The canonical names of all that a distribution requires, itself included."""
    names, waiting = set(), [canonical(package)]
    while waiting:
        name = waiting.pop()
        if name not in names:
            names.add(name)
            waiting += installed[name].requires if name in installed else ()
    return names


def with_point(
    spec: AppSpec, installed: Mapping[str, Distribution], line: str | None, moving: set[str]
) -> AppSpec:
    """The app with one requirement changed and every other package held as it is installed.

    Args:
        line: the requirement in place of the package's own; None: nothing is changed.
        moving: canonical names of the packages that are not held.
    """
    held = tuple(
        f"{each.name}=={each.version}"
        for name, each in sorted(installed.items())
        if name not in moving and not each.is_local
    )
    kept = (each for each in kept_lines(spec) if name_in(each) not in moving)
    lines = (*kept, *held, *((line,) if line else ()))
    return replace(spec, requirements=lines, requirements_file=None)


def name_in(line: str) -> str | None:
    """The canonical name of the package that a requirement names; None where it names none."""
    match = REQUIRED.match(line)
    return canonical(match[1]) if match else None


def kept_lines(spec: AppSpec) -> Iterator[str]:
    """The requirements that no installed version stands for: folders, URLs, and where to look."""
    for line in inlined(spec, lines_of(spec), Path()):
        if line.startswith(CONSTRAINED):
            continue
        if LOCAL.match(line) or "://" in line or OPTION.match(line):
            yield HASH.sub("", line)
