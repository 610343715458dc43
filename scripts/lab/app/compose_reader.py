"""One Compose file of an app's folder, read as a stranger may have written it."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from lab.app.compose_records import Build
from lab.app.compose_text import Interpolation, pairs, parsed
from lab.app.env_file import parse_env
from lab.errors import LabError, UsageError
from lab.files import read_bytes
from lab.text.documents import with_texts
from lab.text.phrases import clipped, printable
from lab.units import MIB

MOST_COMPOSE_BYTES = MIB
MOST_COMPOSE_REASON = 400
PLAIN = re.compile(r"[^\n\r:$]+")
SECRET_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,100}")
STRICT = ("service_healthy", "service_completed_successfully")
RIGHTS = ("privileged", "cap_add", "devices")
OF_THE_HOST = ("pid", "ipc", "userns_mode")
"""Keys with which a service leaves its container, where they are not empty, and where `host`."""
NOT_GIVEN = (
    *("network_mode", "security_opt", "sysctls", "ulimits", "extra_hosts", "dns", "group_add"),
    *("runtime", "cgroup_parent", "uts", "configs", "volumes_from"),
)
"""Keys that no service is given and without which it may still serve."""


class ComposeReader:
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
        self.left_out = list[str]()
        """What is not taken, each with why."""

    def document(self) -> Mapping[str, Any]:
        try:
            text = read_bytes(self.file, MOST_COMPOSE_BYTES).decode("utf-8-sig")
            document: Mapping[str, Any] = with_texts(parsed(text), Interpolation(self.values()))
        except (LabError, ValueError) as error:
            raise self.refused(str(error)) from error
        if not isinstance(document.get("services"), Mapping):
            raise self.refused("it has no services")
        return document

    def values(self) -> dict[str, str]:
        """The values of its `${...}`: those of the `.env` beside it; nothing of the host."""
        beside = self.file.parent / ".env"
        return self.variables(".env") if os.path.lexists(beside) else {}

    def leave_out(self, why: str) -> None:
        line = printable(clipped(why, MOST_COMPOSE_REASON))
        if line not in self.left_out:
            self.left_out.append(line)

    def refused(self, reason: str) -> UsageError:
        return UsageError(printable(f"{self.file}: {clipped(reason, MOST_COMPOSE_REASON)}"))

    def inside(self, name: str) -> Path:
        """A path of the file, which must lie in the app's folder."""
        if "\0" in name:
            raise self.refused(f"{name!r} is not the name of a file")
        path = (self.file.parent / name).resolve()
        if not path.is_relative_to(self.folder):
            raise self.refused(f"{name} leads out of {self.folder}")
        return path

    def variables(self, name: str) -> dict[str, str]:
        try:
            text = read_bytes(self.inside(name), MOST_COMPOSE_BYTES).decode("utf-8-sig")
        except (LabError, UnicodeDecodeError) as error:
            raise self.refused(f"env_file: {error}") from error
        if "\0" in text:
            raise self.refused(f"env_file: {name} has a zero byte")
        return parse_env(text)

    def chosen(self, name: str | None) -> str:
        """The service that is measured: the one that is named, else the only one that is built."""
        if name is not None:
            if name in self.services:
                return name
            raise self.refused(
                f"it has no service {name}: choose one of {', '.join(self.services)}"
            )
        built = [each for each, service in self.services.items() if "build" in service]
        if len(built) != 1:
            raise self.refused(
                f"choose which is measured: service = one of {', '.join(self.services)}"
            )
        return built[0]

    def needed(self, name: str) -> tuple[str, ...]:
        """What a service depends on, and what that does: each once, after what it needs itself."""
        seen, done, todo = set[str](), list[str](), [(name, False)]
        while todo:
            each, is_done = todo.pop()
            if is_done:
                done.append(each)
            elif each not in seen and each in self.services:
                seen.add(each)
                others = reversed(depended_on(self.services[each]))
                todo += [(each, True), *((other, False) for other in others)]
        return tuple(each for each in done if each != name)

    def conditions(self, names: Iterable[str]) -> dict[str, str]:
        """The strictest condition under which another service waits for each one, by its name."""
        strictest: dict[str, str] = {}
        for each in names:
            stated = self.services[each].get("depends_on")
            for other, how in stated.items() if isinstance(stated, Mapping) else ():
                condition = str(how.get("condition")) if isinstance(how, Mapping) else ""
                if other not in strictest or condition in STRICT:
                    strictest[str(other)] = condition
        return strictest

    def usable(self, name: str) -> Mapping[str, Any]:
        """A service that can be started as it is written.

        Raises:
            UsageError: it takes from another one, or asks for rights that nothing is given.
        """
        service: Mapping[str, Any] = self.services[name]
        if "extends" in service:
            raise self.refused(f"{name} extends another service: write out what it takes from it")
        if (right := right_of(service)) is not None:
            raise self.refused(
                f"{name} asks for {right}, which the lab gives to no container: name a Compose "
                "file without it, if the app serves so"
            )
        if ignored := [key for key in NOT_GIVEN if service.get(key) not in (None, [], {})]:
            without = "without it the service may behave differently"
            self.leave_out(f"{name}: {', '.join(ignored)} left out: {without}")
        return service

    def build(self, service: Mapping[str, Any]) -> Build | None:
        build = service.get("build")
        if build is None:
            return None
        table = build if isinstance(build, Mapping) else {"context": build}
        context = self.inside(str(table.get("context", ".")))
        name = str(table.get("dockerfile", "Dockerfile"))
        dockerfile = self.inside(os.path.join(context, name))
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
            if os.path.lexists(self.inside(name)):
                from_files |= self.variables(name)
            elif is_needed:
                self.leave_out(f"env_file: there is no {name}, so its variables are not set")
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


def depended_on(service: Mapping[str, Any]) -> list[str]:
    links = [str(link).partition(":")[0] for link in service.get("links") or ()]
    return [*map(str, service.get("depends_on") or ()), *links]


def right_of(service: Mapping[str, Any]) -> str | None:
    """The key with which a service asks for rights over the machine; None without one."""
    asked = [key for key in RIGHTS if service.get(key) not in (None, False, [], "false")]
    asked += [key for key in OF_THE_HOST if service.get(key) == "host"]
    return asked[0] if asked else None


def port_of(service: Mapping[str, Any]) -> int | None:
    """The port in the container that it publishes, or exposes."""
    stated = (service.get("ports"), service.get("expose"))
    for each in (each for ports in stated if isinstance(ports, list) for each in ports):
        text = str(each.get("target") if isinstance(each, Mapping) else each)
        last = text.rpartition(":")[2].partition("/")[0]
        if re.fullmatch(r"[0-9]{1,5}", last) and 0 < int(last) < 65536:
            return int(last)
    return None
