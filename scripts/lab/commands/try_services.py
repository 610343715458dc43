"""The services of a user app whose image is there, for scripts/try."""

import json
from collections.abc import Mapping
from pathlib import Path

from lab.app.container import (
    HOMES,
    JEMALLOC_LINK,
    LOGS,
    MIMALLOC_LINK,
    SOCKETS,
    driver,
    hardened,
)
from lab.app.interventions import Allocators, interventions_for
from lab.app.services import image_name, services
from lab.app.spec import AppSpec
from lab.app.workdir import COMPOSE_FILE
from lab.commands.app_input import app_settings


def write_containers(spec: AppSpec, given: Mapping[str, str], work: Path) -> tuple[str, ...]:
    """Write the services of an app whose command is known; their names.

    Raises:
        UsageError: a setting is out of range.
    """
    cpus, host_root = app_settings(given).host_cpus, Path(given["LAB_HOST_ROOT"])
    host_work = Path(given["LAB_HOST_WORK"])
    changes = interventions_for(spec, container_allocators(given))
    written = services(spec, changes, cpus, given.get("LAB_MEMRAY") or None)
    for name in written:
        for place in (LOGS, SOCKETS, HOMES):
            (work / place / name).mkdir(exist_ok=True)
    document = {
        name: {**hardened(service, name, host_work, host_root, cpus), "image": tagged_image(spec)}
        for name, service in written.items()
    }
    text = json.dumps({"services": {**document, "driver": driver(spec, host_work)}}, indent=1)
    (work / COMPOSE_FILE).write_text(text, encoding="utf-8")
    return tuple(written)


def tagged_image(spec: AppSpec) -> str:
    """The image's name for Compose: what the lab builds has the tag of its clone."""
    return image_name(spec) + ("" if spec.image else "${LAB_TAG:-}")


def container_allocators(given: Mapping[str, str]) -> Allocators:
    """Where the variants find other allocators, if scripts/try saw them in the app's image."""
    return Allocators(
        JEMALLOC_LINK if given.get("LAB_JEMALLOC") else None,
        MIMALLOC_LINK if given.get("LAB_MIMALLOC") else None,
    )
