"""The servers beside a user app in containers: services of the compose file that is written.

Each variant has servers of its own, in one network namespace with it: the names that the app uses,
and `localhost`, are `127.0.0.1` there, and each listens on its usual port. Their data are in memory
and made anew at each start. Nothing of them is in the variant's own numbers.
"""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lab.app.container import DNS_OPTIONS, LOGGING, LOGS, MOST_FILE_BYTES, NO_DNS
from lab.app.services import Service, dollars
from lab.app.spec import AppSpec
from lab.engines.docker.beside import container_of, log_of, preparation_of
from lab.engines.server_recipes import EVERYWHERE, OTHER_NAMES, RECIPES
from lab.records.beside import ServiceAsked, ServiceKind

MEMORY_BYTES = 1 << 30
"""Of each server, its data among it."""
DATA = "/tmp/data"
"""In memory below a folder that every image has open to all: at a second start some engines give a
folder in memory the mode of the one that it hides."""
LOG_FOLDER = "/var/log/lab"
PROGRAMS = (
    'for each in /usr/lib/postgresql/*/bin /usr/lib/rabbitmq/bin; do PATH="$each:$PATH"; done'
)
"""Where Debian keeps them off the path."""
CREATED = "created"
"""A file beside the logs, there as soon as scripts/try has created everything."""
NOT_FOR_ALL = ("networks", "dns", "dns_opt")
"""What only the container has that makes the network."""


def with_servers(service: Service, name: str, spec: AppSpec, work: Path) -> dict[str, Service]:
    """A variant's hardened service in one network with its servers, and those; by their names.

    Args:
        work: the run's folder, as the engine knows it.
    """
    if not spec.services:
        return {name: service}
    first, *others = spec.services
    joins = {"network_mode": f"service:{network_of(spec, name)}"}
    kept = {key: value for key, value in service.items() if key not in NOT_FOR_ALL}
    containers = {
        container_of(name, first.kind): {**server(first, name, work), **network(spec, name)},
        **{container_of(name, each.kind): {**server(each, name, work), **joins} for each in others},
        name: {**kept, **joins},
    }
    if spec.prepare is not None:
        containers[preparation_of(name)] = preparation(containers[name], name, spec.prepare)
    return containers


def network(spec: AppSpec, variant: str) -> Service:
    """The network of a variant, which its first server makes: it answers there as the variant."""
    names = dict.fromkeys(name for each in spec.services for name in each.names)
    return {
        "networks": {"lab": {"aliases": [variant]}},
        "dns": NO_DNS,
        "dns_opt": DNS_OPTIONS,
        "extra_hosts": [f"{name}:127.0.0.1" for name in names],
    }


def network_of(spec: AppSpec, variant: str) -> str | None:
    """The service whose network a variant joins; None where it has one of its own."""
    return container_of(variant, spec.services[0].kind) if spec.services else None


def server(asked: ServiceAsked, variant: str, work: Path) -> Service:
    """A server that keeps nothing."""
    recipe = RECIPES[asked.kind]
    return {
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
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "read_only": True,
        "tmpfs": [f"/tmp:size={MEMORY_BYTES}"],
        "ulimits": {"fsize": MOST_FILE_BYTES},
        "mem_limit": MEMORY_BYTES,
        "memswap_limit": MEMORY_BYTES,
        "pids_limit": 512,
        "logging": LOGGING,
        "stop_grace_period": "1s",
        "volumes": [f"{work}/{LOGS}/{variant}:{LOG_FOLDER}"],
    }


def script(asked: ServiceAsked, service: str) -> str:
    """What a server's container runs: its data are made, then it serves."""
    recipe = RECIPES[asked.kind]
    log = log_of(Path(LOG_FOLDER), service)
    # Until all are created it only holds the network.
    holds = f"[ -e {LOG_FOLDER}/{CREATED} ] || exec sleep 600"
    lines = [holds, "set -eu", PROGRAMS, f"exec > {log} 2>&1", f"mkdir -p {DATA}"]
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


def preparation(service: Service, variant: str, line: str) -> Service:
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

    The kind, its official image, its user there, Debian's packages; a bar between them, a comma
    between packages.
    """
    for each in spec.services:
        recipe = RECIPES[each.kind]
        yield "|".join((each.kind, recipe.image, recipe.user, ",".join(recipe.packages)))
