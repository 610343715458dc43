"""The app's own Compose file: what it says of one service, and of what this needs.

Of the service itself its build, command, folder, port, environment, secrets and what it mounts of
the project are taken; nothing else of this machine or of its networks reaches a container, and one
that asks for rights is refused.
"""

import re
import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from lab.app.companions import companion, working_dir
from lab.app.compose_mounts import mounts_of
from lab.app.compose_reader import ComposeReader, port_of
from lab.app.compose_records import ComposeService
from lab.app.compose_text import pairs
from lab.app.server_addresses import kind_of_image, with_names_in
from lab.records.app_services import ServiceAsked

RELOAD = re.compile(r"(?<!\S)--reload(?!\S)[ ]?|[ ]?(?<!\S)--reload$")
"""For development: a second process that looks at the files, and is not part of the app."""


def line_of(service: Mapping[str, Any]) -> str | None:
    """The service's entry point and command as a shell line; None: its image says them."""
    parts = [service.get("entrypoint"), service.get("command")]
    if not parts[1] and not parts[0]:
        return None
    lines = (shlex.join(map(str, each)) if isinstance(each, list) else each for each in parts)
    line = " ".join(str(each).strip() for each in lines if each)
    return RELOAD.sub("", line) or None


def servers_of(reader: ComposeReader, needed: tuple[str, ...]) -> tuple[ServiceAsked, ...]:
    """The servers that the lab has a recipe for, with the names that they must know."""
    servers = list[ServiceAsked]()
    for name in needed:
        stated = reader.services[name]
        if (kind := kind_of_image(stated.get("image"))) is not None:
            asked = ServiceAsked(kind, hosts=(name,))
            servers += with_names_in((asked,), pairs(stated.get("environment")))
    return tuple(servers)


def read_composed(file: Path, folder: Path, service: str | None) -> ComposeService:
    """What a Compose file says of the service that is measured.

    Raises:
        UsageError: the file cannot be used; says why.
        NoReader: nothing here reads YAML.
    """
    reader = ComposeReader(file, folder)
    name = reader.chosen(service)
    stated, needed = reader.usable(name), reader.needed(name)
    conditions = reader.conditions((name, *needed))
    others = (each for each in needed if kind_of_image(reader.services[each].get("image")) is None)
    composed = ComposeService(
        build=reader.build(stated),
        image=str(stated["image"]) if "image" in stated and "build" not in stated else None,
        command=line_of(stated),
        is_after_entry=bool(stated.get("command")) and stated.get("entrypoint") is None,
        port=port_of(stated),
        working_dir=working_dir(stated),
        mounts=mounts_of(reader, stated),
        environment=reader.environment(stated),
        secrets=dict(reader.secrets(stated)),
        servers=servers_of(reader, needed),
        companions=tuple(companion(reader, each, conditions.get(each, "")) for each in others),
    )
    return replace(composed, left_out=tuple(reader.left_out))
