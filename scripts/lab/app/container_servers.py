"""What stands beside a user app in containers: services of the compose file that is written.

Each variant has servers of its own, in one network namespace with it, which a container of its own
holds: the names that the app uses, and `localhost`, are `127.0.0.1` there, and each listens on its
usual port. Their data are in memory and made anew at each start. Nothing of them is in the
variant's own numbers.
"""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lab.app.container import DNS_OPTIONS, LOGS, NO_DNS
from lab.app.container_companions import companions, starts
from lab.app.container_limits import MEMORY_BYTES, bare
from lab.app.services import ServiceTable, dollars
from lab.app.spec import AppSpec
from lab.engines.docker.app_services import (
    ServicesBeside,
    container_of,
    log_of,
    network_of,
    preparation_of,
)
from lab.engines.server_recipes import EVERYWHERE, OTHER_NAMES, RECIPES
from lab.records.app_services import ServiceAsked, ServiceKind

DATA = "/tmp/data"
"""In memory below a folder that every image has open to all: at a second start some engines give a
folder in memory the mode of the one that it hides."""
LOG_FOLDER = "/var/log/lab"
PROGRAMS = (
    'for each in /usr/lib/postgresql/*/bin /usr/lib/rabbitmq/bin; do PATH="$each:$PATH"; done'
)
"""A shell line: it puts server programs on the path that Debian keeps off it."""
NOT_FOR_ALL = ("networks", "dns", "dns_opt")
"""What only the container has that makes the network."""


def with_servers(
    service: ServiceTable, name: str, spec: AppSpec, work: Path
) -> dict[str, ServiceTable]:
    """A variant's hardened service in one network with all that stands beside it; by their names.

    Args:
        work: the run's folder, as the engine knows it.
    """
    if not has_network(spec):
        return {name: service}
    joins = {"network_mode": f"service:{network_of(name)}"}
    kept = {key: value for key, value in service.items() if key not in NOT_FOR_ALL}
    containers = {
        network_of(name): network(spec, name),
        **{container_of(name, each.kind): server(each, name, work) for each in spec.services},
        **companions(spec, name, work),
        name: kept,
    }
    joined = {
        each: {**containers[each], **joins} for each in containers if each != network_of(name)
    }
    containers |= joined
    if spec.prepare is not None:
        containers[preparation_of(name)] = preparation(containers[name], name, spec.prepare)
    return containers


def has_network(spec: AppSpec) -> bool:
    """Whether something stands beside each variant, in one network with it."""
    return not spec.stands_alone


def servers_beside(spec: AppSpec) -> ServicesBeside | None:
    """What the engine starts beside each variant; None where that stands alone."""
    if not has_network(spec):
        return None
    return ServicesBeside(spec.services, starts(spec), prepares=spec.prepare is not None)


def network(spec: AppSpec, variant: str) -> ServiceTable:
    """The service that holds a variant's network, does nothing else, and answers as the variant."""
    usual = (name for each in spec.services for name in each.names)
    names = dict.fromkeys((*usual, *(each.name for each in spec.companions)))
    return {
        **bare(),
        "image": "memlab-driver${LAB_TAG:-}",
        "entrypoint": ["sleep", "infinity"],
        "command": [],
        "networks": {"lab": {"aliases": [variant]}},
        "dns": NO_DNS,
        "dns_opt": DNS_OPTIONS,
        "extra_hosts": [f"{name}:127.0.0.1" for name in names],
    }


def server(asked: ServiceAsked, variant: str, work: Path) -> ServiceTable:
    """A server that keeps nothing."""
    recipe = RECIPES[asked.kind]
    return {
        **bare(),
        "image": f"${{{image_variable(asked.kind)}}}",
        "entrypoint": ["sh", "-c", dollars(script(asked, container_of(variant, asked.kind)))],
        "command": [],
        "environment": {
            "HOME": DATA,
            "TMPDIR": DATA,
            "LANG": "C.UTF-8",
            **recipe.environment(asked, DATA, EVERYWHERE),
        },
        "user": recipe.user,
        "tmpfs": [f"/tmp:size={MEMORY_BYTES}"],
        "volumes": [f"{work}/{LOGS}/{variant}:{LOG_FOLDER}"],
    }


def script(asked: ServiceAsked, service: str) -> str:
    """What a server's container runs: its data are made, then it serves."""
    recipe = RECIPES[asked.kind]
    log = log_of(Path(LOG_FOLDER), service)
    lines = ["set -eu", PROGRAMS, f"exec > {log} 2>&1", f"mkdir -p {DATA}"]
    lines += [
        f"printf %s {shlex.quote(step.said)} | {shell(step.words)} > {DATA}/made 2>&1"
        f" || {{ cat {DATA}/made; exit 1; }}"
        for step in recipe.make(asked, DATA)
    ]
    return "\n".join([*lines, f"exec {shell(recipe.command(asked, DATA, EVERYWHERE))}"])


def shell(words: tuple[str, ...] | list[str]) -> str:
    """The words as a shell's, by whatever name the program has there."""
    name, *rest = words
    others = OTHER_NAMES.get(name, ())
    named = f'"$(command -v {" || command -v ".join((name, *others))})"' if others else name
    return f"{named} {shlex.join(rest)}".rstrip()


def preparation(service: ServiceTable, variant: str, line: str) -> ServiceTable:
    """What makes its data ready before a variant serves: its image, its files, its servers."""
    own = ("image", "user", "entrypoint", "network_mode", "cap_drop", "security_opt", "read_only")
    kept = {key: service[key] for key in (*own, "tmpfs", "ulimits", "logging", "pids_limit")}
    environment: dict[str, Any] = service["environment"]
    log = log_of(Path(LOG_FOLDER), preparation_of(variant))
    return {
        **kept,
        "command": ["sh", "-c", dollars(line)],
        "environment": {
            **{k: v for k, v in environment.items() if k != "LAB_PROBE_SOCKETS"},
            "LAB_LOG": str(log),
        },
        "mem_limit": max(service["mem_limit"], MEMORY_BYTES),
        "memswap_limit": max(service["mem_limit"], MEMORY_BYTES),
        "volumes_from": [variant],
    }


def image_variable(kind: ServiceKind) -> str:
    """The variable in which scripts/try names the image that it has for a server."""
    return f"LAB_SERVER_{kind.upper()}"


def server_images(spec: AppSpec) -> Iterator[str]:
    """What scripts/try needs to have an image for each server, a word each.

    The kind, its official image, its user there, Debian's packages, a release of the Python index
    that stands in; a bar between them, a comma between packages.
    """
    for each in spec.services:
        recipe = RECIPES[each.kind]
        packages = ",".join(recipe.packages)
        yield "|".join((each.kind, recipe.image, recipe.user, packages, recipe.wheel))
