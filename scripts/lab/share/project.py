"""The Compose project of a bundle: the lab's own services, with what the run was given. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from lab.text.documents import with_texts

ProjectService = dict[str, Any]
PLACEHOLDER = re.compile(r"\$\{([A-Z_]+):-[^}]*\}")
THERE = "/lab/there"
"""The path at which the driver sees the bundle's run."""
RERUN = "rerun"
"""The driver's command in a bundle."""
PROJECT = "memlab-bundle"
MOUNTED_IN_VARIANTS = {"home": "/lab/home", "probes": "/lab/probes", "logs": "/var/log/lab"}
"""The paths at which a variant of a user app sees its volumes."""
SEEN_BY_DRIVER = {
    "home": ("/lab/homes", ":ro"),
    "probes": ("/lab/probes", ""),
    "logs": ("/var/log/lab", ":ro"),
}
VOLUMES = "volumes"
"""The service that keeps the volumes; folders of its image, which user 1000 owns, are theirs."""


def with_defaults(document: Any, values: Mapping[str, str]) -> Any:
    """A document in which the default of each `${NAME:-...}` is what the run was given."""
    return with_texts(
        document, lambda text: PLACEHOLDER.sub(lambda match: default_of(match, values), text)
    )


def default_of(match: re.Match[str], values: Mapping[str, str]) -> str:
    value = values.get(match[1])
    # Compose ends a default at the first brace; the lab has no setting with one.
    if value is None or re.search(r"[{}$]", value):
        return match[0]
    return f"${{{match[1]}:-{value}}}"


def plain(service: ProjectService) -> ProjectService:
    """A service that a plain `up` starts, whatever its profile was."""
    return {key: each for key, each in service.items() if key != "profiles"}


def suite_services(
    services: Mapping[str, ProjectService], variants: Sequence[str], needs: Sequence[str]
) -> dict[str, ProjectService]:
    """The services of a run of a suite: its variants, what they need, the gate, the driver."""
    names = (*variants, *needs, "gate", "driver")
    run_services = {name: plain(services[name]) for name in names if name in services}
    run_services["driver"] = rerunning(run_services["driver"], [])
    return run_services


def rerunning(driver: ProjectService, volumes: Sequence[str]) -> ProjectService:
    """The driver that runs it again and compares with the run that is there."""
    return {
        **driver,
        "command": [RERUN],
        "volumes": [*driver["volumes"], f"./there:{THERE}:ro", *volumes],
    }


def app_services(
    lab: Mapping[str, ProjectService],
    variants: Mapping[str, ProjectService],
    folder: str,
    file: str,
    image_command: str = "",
) -> tuple[dict[str, ProjectService], dict[str, Any]]:
    """The services of a run of a user app, and the volumes that they share.

    Args:
        lab: the lab's own services.
        variants: those of the app, hardened, each with an image that can be built.
        folder: the app's, in the bundle.
        file: the one that describes it, in its folder.
        image_command: what its image served it with, as the engine reports it; empty: none.
    """
    volumes: dict[str, Any] = {}
    run_services: dict[str, ProjectService] = {}
    kept = []
    for name, variant in variants.items():
        own = {f"{purpose}-{name}": inside for purpose, inside in MOUNTED_IN_VARIANTS.items()}
        volumes |= {volume: {} for volume in own}
        kept += [f"{volume}:/lab/volumes/{volume}" for volume in own]
        run_services[name] = {
            **variant,
            "volumes": [*variant["volumes"], *(f"{v}:{path}" for v, path in own.items())],
            "depends_on": [VOLUMES],
        }
    own = {"APP": f"/lab/{folder}/{file}", "LAB_IMAGE_COMMAND": image_command.replace("$", "$$")}
    driver = app_driver(lab["driver"], tuple(variants), folder, own)
    run_services |= {
        "gate": lab["gate"],
        "driver": driver,
        VOLUMES: volumes_service(lab["gate"], kept),
    }
    return run_services, volumes


def app_driver(
    driver: ProjectService, variants: Sequence[str], folder: str, variables: Mapping[str, str]
) -> ProjectService:
    """The driver that sees the app and what each of its variants writes."""
    own = [each for each in driver["volumes"] if not each.startswith("logs:")]
    seen = [
        f"{purpose}-{name}:{where}/{name}{mode}"
        for name in variants
        for purpose, (where, mode) in SEEN_BY_DRIVER.items()
    ]
    return {
        **rerunning({**driver, "volumes": own}, [f"./{folder}:/lab/{folder}:ro", *seen]),
        "environment": {**driver["environment"], **variables},
        "depends_on": ["gate", VOLUMES],
    }


def volumes_service(hardened: ProjectService, volumes: Sequence[str]) -> ProjectService:
    """The service that comes first and stays: new volumes take the owner of its image's folders."""
    kept = ("cap_drop", "security_opt", "read_only", "networks", "logging", "pids_limit", "ulimits")
    return {
        **{key: hardened[key] for key in kept},
        "image": "memlab-volumes",
        "build": {
            "context": ".",
            "dockerfile": "images/volumes.Dockerfile",
            "args": hardened["build"]["args"],
        },
        "user": "1000:1000",
        "command": ["sleep", "infinity"],
        "mem_limit": "64m",
        "memswap_limit": "64m",
        "volumes": list(volumes),
    }


def volumes_recipe(volumes: Sequence[str], *, is_shared: bool = False) -> str:
    """The recipe of the image that says who owns the volumes.

    Args:
        is_shared: whether servers with users of their own write to the logs, too.
    """
    folders = " ".join(f"/lab/volumes/{name}" for name in volumes)
    opened = " && chmod 777 /lab/volumes/logs-*" if is_shared else ""
    return (
        "# Folders of user 1000: a new volume takes the owner of what it is mounted over.\n"
        "ARG DEBIAN_IMAGE=debian:12.11-slim\n"
        "FROM ${DEBIAN_IMAGE}\n"
        "LABEL memlab=image\n"
        f"RUN mkdir -p {folders} && chown 1000:1000 {folders}{opened}\n"
    )


def renamed(services: Mapping[str, ProjectService]) -> dict[str, ProjectService]:
    """The services with images of other names, so that none of a lab that is here is replaced."""
    return {name: with_own_image(service) for name, service in services.items()}


def with_own_image(service: ProjectService) -> ProjectService:
    if "build" not in service:
        return service
    image = str(service["image"]).removeprefix("memlab-")
    return {**service, "image": f"{PROJECT}-{image}"}
