"""What a Compose file says of a service that the measured one needs and no recipe serves."""

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lab.app.compose_reader import PLAIN, ComposeReader, port_of
from lab.app.compose_records import IMAGE_NAME, Companion
from lab.records.app_services import ReadyWhen

READY = {
    "service_healthy": ReadyWhen.HEALTHY,
    "service_completed_successfully": ReadyWhen.ENDED,
}
TARGET = re.compile(r"/[^\s:$,]{1,200}")
USER = re.compile(r"[1-9]\d{0,8}(:[1-9]\d{0,8})?")
"""The user that companions run as: a number, and not root."""
WORKING_DIR = re.compile(r"/[^\n\r$]{0,200}")


def companion(reader: ComposeReader, name: str, condition: str) -> Companion:
    """The service as it is started beside each variant.

    Args:
        condition: under which what depends on it is started.

    Raises:
        UsageError: it cannot be started as it is written; says why.
    """
    service = reader.usable(name)
    build = reader.build(service)
    if build is None and not service.get("image"):
        raise reader.refused(f"{name} has neither image nor build")
    if build is None and not re.fullmatch(IMAGE_NAME, str(service["image"])):
        raise reader.refused(f"{name}: {str(service['image'])[:80]!r} is not the name of an image")
    health = health_of(service)
    ready_when = READY.get(condition, ReadyWhen.STARTED)
    if ready_when is ReadyWhen.HEALTHY and not health:
        ready_when = ReadyWhen.STARTED
    mounts, in_memory = volumes_of(reader, service)
    secrets = {f"/run/secrets/{each}": file for each, file in reader.secrets(service)}
    user = str(service.get("user", ""))
    return Companion(
        name,
        build=build,
        image=None if build else str(service["image"]),
        entrypoint=words_of(reader, service.get("entrypoint")),
        command=words_of(reader, service.get("command")),
        working_dir=working_dir(service),
        user=user if USER.fullmatch(user) else None,
        environment=reader.environment(service),
        mounts={**mounts, **secrets},
        in_memory=in_memory,
        port=port_of(service),
        ready_when=ready_when,
        health=health,
    )


def working_dir(service: Mapping[str, Any]) -> str | None:
    """The folder in which its command runs; None where its image says it."""
    folder = str(service.get("working_dir", ""))
    return folder if WORKING_DIR.fullmatch(folder) else None


def words_of(reader: ComposeReader, line: Any) -> tuple[str, ...] | None:
    """A command's words; None where the image says them.

    Raises:
        UsageError: a quote of it is not closed.
    """
    if line is None:
        return None
    try:
        return tuple(map(str, line) if isinstance(line, list) else shlex.split(str(line)))
    except ValueError as error:
        raise reader.refused(f"{str(line)[:80]!r} is not a command: {error}") from error


def health_of(service: Mapping[str, Any]) -> tuple[str, ...]:
    """The words of its health check; none where it has none, or has it off."""
    check = service.get("healthcheck")
    test = check.get("test") if isinstance(check, Mapping) and not check.get("disable") else None
    if isinstance(test, str):
        return ("CMD-SHELL", test)
    words = tuple(map(str, test)) if isinstance(test, list) else ()
    return words if words[:1] in (("CMD",), ("CMD-SHELL",)) and len(words) > 1 else ()


def volumes_of(
    reader: ComposeReader, service: Mapping[str, Any]
) -> tuple[dict[str, Path], tuple[str, ...]]:
    """The app's files that a companion sees, and its folders that are kept in memory.

    Raises:
        UsageError: one leads out of the app's folder.
    """
    mounts, in_memory = dict[str, Path](), list[str]()
    for source, target in sources(service.get("volumes") or ()):
        if not TARGET.fullmatch(target):
            raise reader.refused(f"volumes: {target[:80]!r} is not a path in a container")
        path = reader.inside(source) if source[:1] in (".", "/", "~") else None
        if path is not None and path.exists() and PLAIN.fullmatch(str(path)):
            mounts[target] = path
        else:
            in_memory.append(target)
    tmpfs = service.get("tmpfs") or ()
    in_memory += [
        str(each).partition(":")[0] for each in ([tmpfs] if isinstance(tmpfs, str) else tmpfs)
    ]
    return mounts, tuple(each for each in dict.fromkeys(in_memory) if TARGET.fullmatch(each))


def sources(volumes: Any) -> Iterator[tuple[str, str]]:
    """Source and target of each volume; without a source it is the container's own."""
    for each in volumes if isinstance(volumes, list) else ():
        if isinstance(each, Mapping):
            yield str(each.get("source", "")), str(each.get("target", ""))
            continue
        first, *rest = str(each).split(":")
        yield (first, rest[0]) if rest else ("", first)
