"""What stands beside an app in a bundle's Compose project, without the lab's own script.

`make try` starts one after the other and waits for each. Here Compose does, by health checks:
nothing may end, as `up --exit-code-from` ends everything with the first container that does.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.app.container_servers import has_network, with_servers
from lab.app.spec import AppSpec
from lab.engines.docker.app_services import (
    container_of,
    log_of,
    network_of,
    preparation_of,
)
from lab.engines.protocol import PREPARE_SECONDS, SERVER_READY_SECONDS
from lab.engines.server_recipes import RECIPES
from lab.records.app_services import ServiceAsked
from lab.share.project import MOUNTED_IN_VARIANTS, VOLUMES, ProjectService

ACCEPTS = (
    "import socket\nfor port in {ports}: socket.create_connection(('127.0.0.1', port), 1).close()\n"
)
LOGS = Path(MOUNTED_IN_VARIANTS["logs"])
WORK = Path("WORK")
"""Stands for the folder of `make try` in the names of volumes, which a bundle does not have."""
SERVER_RECIPE = "images/server.Dockerfile"


@dataclass(frozen=True, slots=True)
class WithServers:
    """The services of a project, and the volumes that they share besides."""

    services: Mapping[str, ProjectService]
    volumes: Mapping[str, Any] = field(default_factory=dict)


def starts_servers(spec: AppSpec) -> bool:
    """Whether the project starts all that stands beside the app.

    What a Compose file has besides servers may have to end before the app is started.
    """
    return has_network(spec) and not spec.companions


def with_own_servers(
    services: Mapping[str, ProjectService], variants: tuple[str, ...], spec: AppSpec
) -> WithServers:
    """The project with servers beside each variant, in one network with it.

    Args:
        services: the project's, in which each variant has its volumes.
    """
    all_services, volumes = dict(services), dict[str, Any]()
    for name in variants:
        shared = shared_folders(services[name], name)
        volumes |= {volume: {} for volume in shared}
        named = [f"{volume}:{path}" for volume, path in shared.items()]
        kept = [each for each in services[name]["volumes"] if each not in shared.values()]
        variant = {**services[name], "volumes": [*kept, *named]}
        all_services |= dict(with_its_servers(variant, name, spec, services))
    driver = services["driver"]
    waits = {each: {"condition": "service_started"} for each in (*driver["depends_on"], *variants)}
    all_services["driver"] = {**driver, "depends_on": waits}
    return WithServers(all_services, volumes)


def shared_folders(variant: ProjectService, name: str) -> dict[str, str]:
    """Names for the volumes that only its container has: what makes its data ready fills them."""
    own = [each for each in variant["volumes"] if ":" not in each]
    return {f"folder-{at}-{name}": path for at, path in enumerate(own, start=1)}


def with_its_servers(
    variant: ProjectService, name: str, spec: AppSpec, services: Mapping[str, ProjectService]
) -> Iterator[tuple[str, ProjectService]]:
    """The variant and what stands beside it, each with what it waits for."""
    stands = with_servers(variant, name, spec, WORK)
    network, prepare = network_of(name), preparation_of(name)
    driver, gate = services["driver"], services["gate"]
    ports = tuple(each.port for each in spec.services)
    holder = {**stands[network], "image": driver["image"], "build": driver["build"]}
    holder["healthcheck"] = health(
        ["python3", "-c", ACCEPTS.format(ports=ports)], round(SERVER_READY_SECONDS)
    )
    yield network, holder
    for asked in spec.services:
        service = stands[container_of(name, asked.kind)]
        waits = once_started(network, VOLUMES)
        yield (
            container_of(name, asked.kind),
            {
                **service,
                **image_of(asked, gate),
                "volumes": [f"logs-{name}:{LOGS}"],
                "depends_on": waits,
            },
        )
    last = prepare if prepare in stands else network
    servers = (container_of(name, each.kind) for each in spec.services)
    waits = once_started(VOLUMES, *servers) | {network: {"condition": "service_healthy"}}
    if prepare in stands:
        yield prepare, preparation(stands[prepare], variant, prepare) | {"depends_on": waits}
    yield name, {**stands[name], "depends_on": waits | {last: {"condition": "service_healthy"}}}


def preparation(stated: ProjectService, variant: ProjectService, name: str) -> ProjectService:
    """The service that makes the data ready: it stays, and is healthy once that ended with 0."""
    ended = log_of(LOGS, name).with_suffix(".exit")
    kept = {key: value for key, value in stated.items() if key != "volumes_from"}
    return {
        **kept,
        **({"build": variant["build"]} if "build" in variant else {}),
        "volumes": variant["volumes"],
        "healthcheck": health(["grep", "-qx", "0", str(ended)], int(PREPARE_SECONDS)),
    }


def image_of(asked: ServiceAsked, gate: ProjectService) -> ProjectService:
    """How Compose comes to a server's image: of Debian's packages, where Debian has them."""
    recipe = RECIPES[asked.kind]
    if not recipe.packages:
        return {"image": recipe.image}
    packages = {"PACKAGES": " ".join(recipe.packages), "SERVER_USER": recipe.user}
    build = {**gate["build"], "dockerfile": SERVER_RECIPE, "target": "server"}
    return {
        "image": f"memlab-server-{asked.kind}${{LAB_TAG:-}}",
        "build": {**build, "args": {**gate["build"]["args"], **packages}},
    }


def health(words: list[str], retries: int) -> Mapping[str, Any]:
    return {"test": ["CMD", *words], "interval": "1s", "timeout": "10s", "retries": retries}


def once_started(*names: str) -> dict[str, Mapping[str, str]]:
    return {name: {"condition": "service_started"} for name in names}
