"""Variants from the services of compose.yaml, the only list of them, and their selection."""

import fnmatch
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from lab.errors import UsageError
from lab.matrix.compose_file import command_words, mapping, read_services
from lab.matrix.labels import YesNo, label, number_label, optional_number, optional_word
from lab.records.variant import (
    USER_APP_STACK,
    Axes,
    Connection,
    LoadShape,
    RequestKind,
    Scenario,
    Variant,
)
from lab.settings import Settings, parse_size

AXES = ("python", "stack", "framework", "server", "endpoint", "workload", "suite")
"""Axes that are a label's text as it is."""


def read_matrix(path: Path, values: Mapping[str, str]) -> tuple[Variant, ...]:
    """Every service that carries the lab's labels, in the file's order.

    Args:
        path: compose.yaml.
        values: values for its `${...}`, by name.

    Raises:
        UsageError: the file or one of its labels cannot be used.
    """
    services = read_services(path, values)
    return tuple(
        variant_of(name, service)
        for name, service in services.items()
        if any(str(key).startswith("lab.") for key in service.get("labels") or ())
    )


def select(variants: Sequence[Variant], settings: Settings) -> tuple[Variant, ...]:
    """The variants that the globs of VARIANTS match, in the file's order.

    Raises:
        UsageError: the suite is unknown, or a glob matches nothing.
    """
    suites = sorted({suite for variant in variants for suite in variant.axes.suite.split()})
    if settings.suite not in suites:
        raise UsageError(f"SUITE={settings.suite!r} is unknown: choose one of {', '.join(suites)}")
    chosen: set[str] = set()
    for glob in settings.variants:
        matches = matching(variants, glob, settings.suite)
        if not matches:
            names = ", ".join(each.name for each in matching(variants, "*", settings.suite))
            raise UsageError(
                f"VARIANTS={glob!r} matches nothing: choose from suite {settings.suite}: {names}"
            )
        chosen |= {variant.name for variant in matches}
    return tuple(variant for variant in variants if variant.name in chosen)


def matching(variants: Sequence[Variant], glob: str, suite: str) -> tuple[Variant, ...]:
    """Variants of the suite whose name matches the glob; where there are none, of any suite."""
    named = [variant for variant in variants if fnmatch.fnmatchcase(variant.name, glob)]
    members = tuple(variant for variant in named if suite in variant.axes.suite.split())
    return members or tuple(named)


def variant_of(name: str, service: Mapping[str, Any]) -> Variant:
    """A service as a variant; raises UsageError for a label or limit that cannot be used."""
    labels = mapping(name, service, "labels")
    axes = axes_of(name, service, labels)
    environment = mapping(name, service, "environment")
    is_user_app = axes.stack == USER_APP_STACK
    if not is_user_app and environment.get("LAB_WORKLOAD") != axes.workload:
        raise UsageError(
            f"compose.yaml: service {name} has a LAB_WORKLOAD other than its lab.workload: "
            "give both the same name"
        )
    return Variant(
        name=name,
        axes=axes,
        image=str(service.get("image", "")),
        memory_limit_bytes=memory_limit_bytes(name, service),
        path=f"/{axes.endpoint}/{axes.workload}",
        load=load_shape(name, labels),
        scenario=optional_word(name, labels, "scenario", Scenario),
        needs=tuple(str(labels.get("lab.needs", "")).split()),
    )


def axes_of(name: str, service: Mapping[str, Any], labels: Mapping[str, Any]) -> Axes:
    shown = label(name, labels, "host_cpus")
    return Axes(
        **{axis: label(name, labels, axis) for axis in AXES},
        workers=number_label(name, labels, "workers"),
        host_cpus=None if shown == "host" else number_label(name, labels, "host_cpus"),
        pool_threads=pool_threads(name, service),
    )


def load_shape(service: str, labels: Mapping[str, Any]) -> LoadShape:
    """The load that a service's own labels set."""
    companion = labels.get("lab.companion")
    return LoadShape(
        requests=optional_number(service, labels, "requests"),
        concurrency=optional_number(service, labels, "concurrency"),
        connection=optional_word(service, labels, "connection", Connection),
        blocks=optional_number(service, labels, "blocks"),
        kind=optional_word(service, labels, "request", RequestKind) or RequestKind.GET,
        companion=None if companion is None else str(companion),
        exact=optional_word(service, labels, "exact", YesNo) is YesNo.YES,
    )


def pool_threads(name: str, service: Mapping[str, Any]) -> int | None:
    """Threads that the command's `--threads` or LAB_POOL sets; 0 with LAB_THREADED=0; or None."""
    environment = mapping(name, service, "environment")
    is_threadless = str(environment.get("LAB_THREADED")) == "0"
    pool = "0" if is_threadless else environment.get("LAB_POOL")
    words = command_words(name, service.get("command"))
    parts = [part for word in words for part in word.split("=", 1)]
    stated = next((value for word, value in pairwise(parts) if word == "--threads"), pool)
    if stated is None:
        return None
    if not str(stated).isdecimal():
        source = "LAB_POOL" if stated is pool else "command"
        raise UsageError(
            f"compose.yaml: the {source} of {name} cannot be read: "
            f"{stated!r} is not a number of threads"
        )
    return int(stated)


def memory_limit_bytes(name: str, service: Mapping[str, Any]) -> int:
    limit = service.get("mem_limit")
    if limit is None:
        raise UsageError(f"compose.yaml: service {name} has no mem_limit")
    try:
        return parse_size(str(limit))
    except ValueError as error:
        raise UsageError(
            f"compose.yaml: service {name} has mem_limit={limit}, not a size such as 512m"
        ) from error
