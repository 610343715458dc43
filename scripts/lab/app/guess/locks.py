"""What uv.lock and poetry.lock pin, from the project's own dependencies on."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

LockedPackage = Mapping[str, Any]


def name_in(requirement: str) -> str:
    """The normalized name of a requirement, without its extras and version."""
    match = re.match(r"\s*([A-Za-z0-9][\w.-]*)", requirement)
    return normal(match[1]) if match else ""


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower().strip("-")


def extras_in(requirement: str) -> tuple[str, ...]:
    match = re.match(r"\s*[\w.-]+\s*\[([^\]]*)\]", requirement)
    return tuple(normal(each.strip()) for each in match[1].split(",")) if match else ()


def pinned_versions(lock: Mapping[str, Any], wanted: Iterable[str]) -> list[str]:
    """The exact versions of what is wanted and of all that it needs; empty where some are missing.

    A package that is locked in two versions stands as it was wanted, and pip chooses.
    """
    given = lock.get("package")
    entries = [p for p in given if isinstance(p, Mapping)] if isinstance(given, list) else []
    packages: dict[str, list[LockedPackage]] = {}
    for each in entries:
        packages.setdefault(normal(str(each.get("name", ""))), []).append(each)
    pins: dict[str, str] = {}
    todo = [(name_in(each), extras_in(each), "") for each in wanted]
    if any(name not in packages for name, _, _ in todo):
        return []
    seen = set()
    while todo:
        name, extras, marker = todo.pop()
        if (name, extras) in seen or name not in packages:
            continue
        seen.add((name, extras))
        if len(packages[name]) == 1 and (line := pin(packages[name][0], marker)):
            pins[name] = line if name not in pins or marker else pins[name]
        for package in packages[name]:
            todo += needs(package, extras)
    return [pins[name] for name in sorted(pins)]


def pin(package: LockedPackage, marker: str) -> str | None:
    source = package.get("source")
    if isinstance(source, Mapping) and {"editable", "virtual", "directory", "git"} & set(source):
        return None
    if isinstance(source, Mapping) and source.get("type") in ("git", "directory", "file", "url"):
        return None
    version = str(package.get("version", ""))
    tail = f" ; {marker}" if marker else ""
    return f"{package['name']}=={version}{tail}" if version else None


def needs(
    package: LockedPackage, extras: Iterable[str]
) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Names, extras and markers of what a locked package depends on."""
    listed, optional = package.get("dependencies"), package.get("optional-dependencies")
    if isinstance(listed, list) or isinstance(optional, Mapping):  # uv
        offered = optional if isinstance(optional, Mapping) else {}
        groups = [listed or [], *(offered.get(extra, []) for extra in extras)]
        for entry in (entry for group in groups for entry in group):
            if isinstance(entry, Mapping):
                wanted = tuple(normal(str(each)) for each in entry.get("extra", ()))
                yield normal(str(entry.get("name", ""))), wanted, str(entry.get("marker", ""))
    elif isinstance(listed, Mapping):  # poetry
        for name, asked in listed.items():
            first = asked[0] if isinstance(asked, list) and asked else asked
            if isinstance(first, Mapping):
                if first.get("optional"):
                    continue
                wanted = tuple(normal(str(each)) for each in first.get("extras", ()))
                yield normal(name), wanted, str(first.get("markers", ""))
            else:
                yield normal(name), (), ""
        yield from poetry_extras(package, extras)


def poetry_extras(
    package: LockedPackage, extras: Iterable[str]
) -> Iterator[tuple[str, tuple[str, ...], str]]:
    offered = package.get("extras")
    for extra in extras:
        entries = offered.get(extra, []) if isinstance(offered, Mapping) else []
        for each in entries:
            yield name_in(str(each)), extras_in(str(each)), ""
