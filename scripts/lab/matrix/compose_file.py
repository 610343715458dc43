"""compose.yaml as Compose reads it: services with their `${...}` replaced by values."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from lab.errors import UsageError
from lab.text.documents import with_texts
from lab.yaml_file import parse_yaml

PLACEHOLDER = re.compile(r"\$(?:\$|\{([A-Za-z_][A-Za-z0-9_]*)(?::?-([^}]*))?\})")
"""`${NAME:-default}`, or the `$$` that stands for one dollar."""


@dataclass(frozen=True, slots=True)
class Service:
    """What a variant's service runs, for an engine that starts it itself."""

    command: tuple[str, ...]
    environment: Mapping[str, str]


def interpolate(text: str, values: Mapping[str, str]) -> str:
    """A text with each `${NAME:-default}` replaced as Compose does it, and `$$` by a dollar."""

    if "$" not in text:
        return text

    def replacement(match: re.Match[str]) -> str:
        return "$" if match[0] == "$$" else values.get(match[1], "") or match[2] or ""

    return PLACEHOLDER.sub(replacement, text)


@lru_cache(maxsize=2)
def document_of(text: str) -> Any:
    """The document of a text, parsed once: each start of a variant asks. Nobody may change it.

    Raises:
        yaml.YAMLError: the text is not YAML, or has a duplicate key.
    """
    return parse_yaml(text)


def read_services(path: Path, values: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The services of a compose file by name, merged and interpolated.

    Raises:
        UsageError: the file is missing or is not a compose file.
    """
    try:
        document = document_of(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise UsageError(f"{path.name} cannot be read: {' '.join(str(error).split())}") from error
    services = document.get("services") if isinstance(document, dict) else None
    if not isinstance(services, dict):
        raise UsageError(f"{path.name} has no services")
    if empty := [name for name, service in services.items() if not isinstance(service, dict)]:
        raise UsageError(f"{path.name}: service {empty[0]} is empty: write its image and labels")
    interpolated: dict[str, dict[str, Any]] = with_texts(
        services, lambda each: interpolate(each, values)
    )
    return interpolated


def read_service(path: Path, name: str, values: Mapping[str, str]) -> Service:
    """One service's command and environment, interpolated.

    Raises:
        UsageError: the file or the service cannot be used.
    """
    service = read_services(path, values).get(name)
    if service is None:
        raise UsageError(f"{path.name} has no service {name}")
    environment = mapping(name, service, "environment")
    return Service(
        command=command_words(name, service.get("command")),
        environment={str(key): str(value) for key, value in environment.items()},
    )


def mapping(name: str, service: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """A part of a service that is written as `name: value` lines; empty where it is absent.

    Raises:
        UsageError: the part is written in another way.
    """
    part = service.get(key) or {}
    if not isinstance(part, dict):
        raise UsageError(
            f"compose.yaml: service {name} must write its {key} as `name: value` lines"
        )
    return part


@lru_cache(maxsize=256)
def split(command: str) -> tuple[str, ...]:
    """The words of a command, split once: each start of a variant asks for all of them."""
    return tuple(shlex.split(command))


def command_words(name: str, command: Any) -> tuple[str, ...]:
    """A command as its words, whether it is written as one text or as a list.

    Raises:
        UsageError: the text cannot be split, e.g. for a quote that does not end.
    """
    try:
        if isinstance(command, str):
            return split(command)
        return tuple(map(str, command or ()))
    except (TypeError, ValueError) as error:
        raise UsageError(f"compose.yaml: the command of {name} cannot be read: {error}") from error
