"""The app's own Compose file: what it says of one service, and of the servers that this needs.

Of the service itself only its build, command, port, environment and secrets are taken; nothing of
its rights, mounts or networks reaches a container.
"""

import os
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.app.beside import completed, kind_of_image
from lab.app.compose_text import filled, pairs, parsed
from lab.app.env_file import parse_env
from lab.errors import LabError, UsageError
from lab.files import read_bytes
from lab.records.beside import ServiceAsked
from lab.units import MIB

MOST_BYTES = MIB
PLAIN = re.compile(r"[^\n\r:$]+")
SECRET_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,100}")


@dataclass(frozen=True, slots=True)
class Build:
    """How a service's image is made."""

    context: Path
    dockerfile: Path
    target: str | None = None
    args: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Composed:
    """What a Compose file says of a service."""

    build: Build | None = None
    image: str | None = None
    command: str | None = None
    port: int | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Path] = field(default_factory=dict)
    servers: tuple[ServiceAsked, ...] = ()
    others: tuple[str, ...] = ()
    """What it depends on that the lab does not start."""


class Reader:
    """One Compose file of an app's folder."""

    def __init__(self, file: Path, folder: Path) -> None:
        self.file, self.folder = file, folder.resolve()
        document = self.document()
        self.services = {
            str(name): each
            for name, each in (document.get("services") or {}).items()
            if isinstance(each, Mapping)
        }
        self.secret_files = document.get("secrets") or {}

    def document(self) -> Mapping[str, Any]:
        try:
            text = read_bytes(self.file, MOST_BYTES).decode("utf-8-sig")
            document = filled(parsed(text), self.values())
        except (LabError, ValueError) as error:
            raise self.refused(str(error)) from error
        if not isinstance(document.get("services"), Mapping):
            raise self.refused("it has no services")
        return document  # type: ignore[no-any-return]

    def values(self) -> dict[str, str]:
        """Of its `${...}`: those of the `.env` beside it; nothing of the host."""
        beside = self.file.parent / ".env"
        return self.variables(".env") if os.path.lexists(beside) else {}

    def refused(self, reason: str) -> UsageError:
        return UsageError(f"{self.file}: {reason}")

    def inside(self, name: str) -> Path:
        """A path of the file, which must lie in the app's folder."""
        path = (self.file.parent / name).resolve()
        if not path.is_relative_to(self.folder):
            raise self.refused(f"{name} leads out of {self.folder}")
        return path

    def variables(self, name: str) -> dict[str, str]:
        try:
            return parse_env(read_bytes(self.inside(name), MOST_BYTES).decode("utf-8-sig"))
        except (LabError, UnicodeDecodeError) as error:
            raise self.refused(f"env_file: {error}") from error

    def chosen(self, name: str | None) -> str:
        """The service that is measured: the one that is named, else the only one that is built."""
        if name is not None:
            if name in self.services:
                return name
            raise self.refused(f"it has no service {name}: say one of {', '.join(self.services)}")
        built = [each for each, service in self.services.items() if "build" in service]
        if len(built) != 1:
            raise self.refused(
                f"say which is measured: service = one of {', '.join(self.services)}"
            )
        return built[0]

    def composed(self, name: str) -> Composed:
        service = self.services[name]
        if "extends" in service:
            raise self.refused(f"{name} extends another service: write out what it takes from it")
        needed = [each for each in self.needed(name) if each != name]
        kinds = {each: kind_of_image(self.services[each].get("image")) for each in needed}
        servers = (
            completed(
                (ServiceAsked(kind, hosts=(each,)),), pairs(self.services[each].get("environment"))
            )
            for each, kind in kinds.items()
            if kind is not None
        )
        return Composed(
            build=self.build(service),
            image=str(service["image"]) if "image" in service and "build" not in service else None,
            command=line_of(service),
            port=port_of(service),
            environment=self.environment(service),
            secrets=dict(self.secrets(service)),
            servers=tuple(asked for group in servers for asked in group),
            others=tuple(each for each, kind in kinds.items() if kind is None),
        )

    def needed(self, name: str) -> list[str]:
        """What a service depends on, and what that does, each once; itself among it."""
        names, todo = list[str](), [name]
        while todo:
            each = todo.pop(0)
            if each not in names and each in self.services:
                names.append(each)
                service = self.services[each]
                links = [str(link).partition(":")[0] for link in service.get("links") or ()]
                todo += [*map(str, service.get("depends_on") or ()), *links]
        return names

    def build(self, service: Mapping[str, Any]) -> Build | None:
        build = service.get("build")
        if build is None:
            return None
        table = build if isinstance(build, Mapping) else {"context": build}
        context = self.inside(str(table.get("context", ".")))
        dockerfile = (context / str(table.get("dockerfile", "Dockerfile"))).resolve()
        if not dockerfile.is_relative_to(self.folder) or not dockerfile.is_file():
            raise self.refused(f"build: there is no {dockerfile}")
        target = table.get("target")
        return Build(context, dockerfile, str(target) if target else None, pairs(table.get("args")))

    def environment(self, service: Mapping[str, Any]) -> dict[str, str]:
        """The variables of its files, and over them its own."""
        files = service.get("env_file") or ()
        from_files: dict[str, str] = {}
        for each in [files] if isinstance(files, str | Mapping) else files:
            name = str(each.get("path") if isinstance(each, Mapping) else each)
            is_needed = not isinstance(each, Mapping) or each.get("required", True)
            if is_needed or self.inside(name).exists():
                from_files |= self.variables(name)
        return {**from_files, **pairs(service.get("environment"))}

    def secrets(self, service: Mapping[str, Any]) -> Iterator[tuple[str, Path]]:
        """The files below /run/secrets by their names; one that is not there is left out."""
        for each in service.get("secrets") or ():
            table = each if isinstance(each, Mapping) else {"source": each}
            source = str(table.get("source"))
            name = str(table.get("target", source)).removeprefix("/run/secrets/")
            stated = self.secret_files.get(source)
            file = stated.get("file") if isinstance(stated, Mapping) else None
            # The name of a file is a part of a mount's text later.
            is_plain = file and SECRET_NAME.fullmatch(name) and PLAIN.fullmatch(str(file))
            if is_plain and self.inside(str(file)).is_file():
                yield name, self.inside(str(file))


def line_of(service: Mapping[str, Any]) -> str | None:
    """Its entry point and command as a shell's line; None where its image says them."""
    parts = [service.get("entrypoint"), service.get("command")]
    if not parts[1] and not parts[0]:
        return None
    lines = (shlex.join(map(str, each)) if isinstance(each, list) else each for each in parts)
    return " ".join(str(each).strip() for each in lines if each) or None


def port_of(service: Mapping[str, Any]) -> int | None:
    """The port in the container that it publishes, or exposes."""
    for each in [*(service.get("ports") or ()), *(service.get("expose") or ())]:
        text = str(each.get("target") if isinstance(each, Mapping) else each)
        last = text.rpartition(":")[2].partition("/")[0]
        if last.isdigit() and 0 < int(last) < 65536:
            return int(last)
    return None


def read_composed(file: Path, folder: Path, service: str | None) -> Composed:
    """What a Compose file says of the service that is measured.

    Raises:
        UsageError: the file cannot be used; says why.
        NoReader: nothing here reads YAML.
    """
    reader = Reader(file, folder)
    return reader.composed(reader.chosen(service))
