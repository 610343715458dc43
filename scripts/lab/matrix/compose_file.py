"""compose.yaml to variants: the only list of them there is."""

import fnmatch
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import yaml

from lab.errors import UsageError
from lab.matrix.servers import USER_APP_STACK
from lab.records.variant import Axes, Connection, LoadShape, RequestKind, Scenario, Variant
from lab.settings import Settings, parse_size
from lab.yaml_file import read_yaml

PLACEHOLDER = re.compile(r"\$(?:\$|\{([A-Za-z_][A-Za-z0-9_]*)(?::?-([^}]*))?\})")
"""`${NAME:-default}`, or the `$$` that stands for one dollar."""
"""Of an app that is no part of the matrix: it has no workload of the lab's."""
AXES = ("python", "stack", "framework", "server", "endpoint", "workload", "suite")


def interpolate(text: str, values: Mapping[str, str]) -> str:
    """Compose's own `${NAME:-default}`, from `values`; `$$` is a dollar."""

    def meant(match: re.Match[str]) -> str:
        return "$" if match[0] == "$$" else values.get(match[1], "") or match[2] or ""

    return PLACEHOLDER.sub(meant, text)


def interpolate_all(node: Any, values: Mapping[str, str]) -> Any:
    """Interpolate every text of a document; afterwards, so that no value can change its shape."""
    if isinstance(node, str):
        return interpolate(node, values)
    if isinstance(node, dict):
        return {key: interpolate_all(item, values) for key, item in node.items()}
    return [interpolate_all(item, values) for item in node] if isinstance(node, list) else node


def read_services(path: Path, values: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The services of a compose file, merged and interpolated.

    Raises:
        UsageError: the file is missing or is not a compose file.
    """
    try:
        document = read_yaml(path)
    except (OSError, yaml.YAMLError) as error:
        raise UsageError(f"{path.name} cannot be read: {' '.join(str(error).split())}") from error
    services = document.get("services") if isinstance(document, dict) else None
    if not isinstance(services, dict):
        raise UsageError(f"{path.name} has no services")
    if empty := [name for name, service in services.items() if not isinstance(service, dict)]:
        raise UsageError(f"{path.name}: service {empty[0]} has nothing in it")
    found: dict[str, dict[str, Any]] = interpolate_all(services, values)
    return found


def mapping(name: str, service: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """A part of a service that is written as `name: value` lines; empty when it is absent."""
    found = service.get(key) or {}
    if not isinstance(found, dict):
        raise UsageError(
            f"compose.yaml: service {name} must write its {key} as `name: value` lines"
        )
    return found


def label(service: str, labels: Mapping[str, Any], name: str) -> str:
    value = labels.get(f"lab.{name}")
    if value is None:
        raise UsageError(f"compose.yaml: service {service} has no label lab.{name}")
    return str(value)


def number_label(service: str, labels: Mapping[str, Any], name: str) -> int:
    value = label(service, labels, name)
    if not value.isdecimal():
        raise UsageError(f"compose.yaml: service {service} has lab.{name}={value}, not a number")
    return int(value)


@dataclass(frozen=True, slots=True)
class Service:
    """What a variant's service runs, for an engine that starts it itself."""

    command: tuple[str, ...]
    environment: Mapping[str, str]


def command_words(name: str, command: object) -> tuple[str, ...]:
    """A command as its words, whether it is written as one text or as a list."""
    try:
        words = shlex.split(command) if isinstance(command, str) else map(str, command or ())  # type: ignore[call-overload]
        return tuple(words)
    except (TypeError, ValueError) as error:
        raise UsageError(f"compose.yaml: the command of {name} cannot be read: {error}") from error


def read_service(path: Path, name: str, values: Mapping[str, str]) -> Service:
    """One service's command and environment, with `values` in the place of its `${...}`.

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


class YesNo(StrEnum):
    """A label that is either."""

    YES = "yes"
    NO = "no"


E = TypeVar("E", bound=Enum)


def own_number(service: str, labels: Mapping[str, Any], name: str) -> int | None:
    """A label that a service need not carry; None without it."""
    if f"lab.{name}" not in labels:
        return None
    found = number_label(service, labels, name)
    if found < 1:
        raise UsageError(f"compose.yaml: service {service} has lab.{name}={found}, less than 1")
    return found


def own_word(service: str, labels: Mapping[str, Any], name: str, words: type[E]) -> E | None:
    """A label with a closed set of words that a service need not carry; None without it."""
    value = labels.get(f"lab.{name}")
    if value is None:
        return None
    try:
        return words(str(value))
    except ValueError as error:
        known = ", ".join(item.value for item in words)
        raise UsageError(
            f"compose.yaml: service {service} has lab.{name}={value}: there is {known}"
        ) from error


def load_shape(service: str, labels: Mapping[str, Any]) -> LoadShape:
    companion = labels.get("lab.companion")
    return LoadShape(
        requests=own_number(service, labels, "requests"),
        concurrency=own_number(service, labels, "concurrency"),
        connection=own_word(service, labels, "connection", Connection),
        blocks=own_number(service, labels, "blocks"),
        kind=own_word(service, labels, "request", RequestKind) or RequestKind.GET,
        companion=None if companion is None else str(companion),
        exact=own_word(service, labels, "exact", YesNo) is YesNo.YES,
    )


def pool_threads(name: str, service: Mapping[str, Any]) -> int | None:
    """The pool that LAB_POOL or the command's `--threads` fixes, 0 with LAB_THREADED=0; or None."""
    environment = mapping(name, service, "environment")
    own = "0" if str(environment.get("LAB_THREADED")) == "0" else environment.get("LAB_POOL")
    words = command_words(name, service.get("command"))
    split = [part for word in words for part in word.split("=", 1)]
    stated = next((value for word, value in pairwise(split) if word == "--threads"), own)
    if stated is None:
        return None
    if not str(stated).isdecimal():
        what = "LAB_POOL" if stated is own else "command"
        raise UsageError(
            f"compose.yaml: the {what} of {name} cannot be read: {stated!r} threads is no number"
        )
    return int(stated)


def memory_limit_bytes(name: str, service: Mapping[str, Any]) -> int:
    limit = service.get("mem_limit")
    if limit is None:
        raise UsageError(f"compose.yaml: service {name} has no mem_limit")
    try:
        return parse_size(str(limit))
    except ValueError as error:
        raise UsageError(f"compose.yaml: service {name} has mem_limit={limit}, no size") from error


def variant_of(name: str, service: Mapping[str, Any]) -> Variant:
    labels = mapping(name, service, "labels")
    words = {axis: label(name, labels, axis) for axis in AXES}
    shown = label(name, labels, "host_cpus")
    environment = mapping(name, service, "environment")
    own = words["stack"] == USER_APP_STACK
    if not own and environment.get("LAB_WORKLOAD") != words["workload"]:
        raise UsageError(f"compose.yaml: {name} has LAB_WORKLOAD other than its lab.workload")
    return Variant(
        name=name,
        axes=Axes(
            **words,
            workers=number_label(name, labels, "workers"),
            host_cpus=None if shown == "host" else number_label(name, labels, "host_cpus"),
            pool_threads=pool_threads(name, service),
        ),
        image=str(service.get("image", "")),
        memory_limit_bytes=memory_limit_bytes(name, service),
        path=f"/{words['endpoint']}/{words['workload']}",
        load=load_shape(name, labels),
        scenario=own_word(name, labels, "scenario", Scenario),
        needs=tuple(str(labels.get("lab.needs", "")).split()),
    )


def read_matrix(path: Path, values: Mapping[str, str]) -> tuple[Variant, ...]:
    """Every service that carries the lab's labels.

    Args:
        path: compose.yaml.
        values: what its `${...}` stand for.

    Raises:
        UsageError: the file or a label of it cannot be used.
    """
    services = read_services(path, values)
    return tuple(
        variant_of(name, service)
        for name, service in services.items()
        if any(str(key).startswith("lab.") for key in service.get("labels") or ())
    )


def named(variants: Sequence[Variant], glob: str, suite: str) -> tuple[Variant, ...]:
    """Those that a glob names: of the suite, or where it has none such, of any other."""
    found = [variant for variant in variants if fnmatch.fnmatchcase(variant.name, glob)]
    members = tuple(variant for variant in found if suite in variant.axes.suite.split())
    return members or tuple(found)


def select(variants: Sequence[Variant], settings: Settings) -> tuple[Variant, ...]:
    """The variants that the globs name, in the file's order.

    Raises:
        UsageError: no such suite, or a glob that matches nothing.
    """
    suites = sorted({suite for variant in variants for suite in variant.axes.suite.split()})
    if settings.suite not in suites:
        raise UsageError(f"SUITE={settings.suite!r} is unknown: there is {', '.join(suites)}")
    chosen: set[str] = set()
    for glob in settings.variants:
        found = named(variants, glob, settings.suite)
        if not found:
            members = named(variants, "*", settings.suite)
            names = ", ".join(variant.name for variant in members)
            raise UsageError(
                f"VARIANTS={glob!r} matches nothing: suite {settings.suite} has {names}"
            )
        chosen |= {variant.name for variant in found}
    return tuple(variant for variant in variants if variant.name in chosen)
