"""The services of a user app whose image is there, for scripts/try."""

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
from lab.app.container_servers import has_network, with_servers
from lab.app.interventions import Allocators
from lab.app.services import ServiceTable, is_made_here, services
from lab.app.spec import AppSpec
from lab.app.workdir import COMPOSE_NAME, write_compose_file
from lab.commands.app_runs.input import app_settings
from lab.commands.app_runs.plan import changes_for
from lab.engines.docker.app_services import BESIDE, network_of
from lab.settings.declared_app import CHECK


@dataclass(frozen=True, slots=True)
class CreatedServices:
    """What scripts/try creates, by the services' names."""

    services: tuple[str, ...]
    networks: tuple[str, ...]
    """Those whose network others join."""

    def assignments(self) -> Iterator[str]:
        """The lines that give it to a shell."""
        yield f"own_services={shlex.quote(' '.join(self.services))}"
        yield f"own_networks={shlex.quote(' '.join(self.networks))}"


def write_containers(
    spec: AppSpec,
    given: Mapping[str, str],
    work: Path,
    more: Mapping[str, ServiceTable] | None = None,
    *,
    only_base: bool = False,
) -> CreatedServices:
    """Write the services of an app whose command is known, and of its servers.

    Where the app is only checked, those of the app as it is are all that is created.

    Args:
        spec: the app.
        given: the settings, and what scripts/try saw in the image.
        work: the folder with the app's copy.
        more: services that are all that is created, where there are some: the others ran before.
        only_base: whether it is only checked, whatever the settings say.

    Raises:
        UsageError: a setting is out of range.
    """
    cpus, host_root = app_settings(given).host_cpus, Path(given["LAB_HOST_ROOT"])
    host_work = Path(given["LAB_HOST_WORK"])
    changes = changes_for(spec, container_allocators(given), given)
    written = services(spec, changes, cpus, given.get("LAB_MEMRAY") or None) | dict(more or {})
    make_folders(written, spec, work)
    document: dict[str, ServiceTable] = {}
    for name, service in written.items():
        own = hardened(service, name, host_work, host_root, cpus)
        image = tagged_image(own["image"], spec)
        document |= with_servers({**own, "image": image}, name, spec, host_work)
    write_compose_file(work / COMPOSE_NAME, {**document, "driver": driver(spec, host_work)})
    is_checked_alone = only_base or CHECK.read(given)
    created = list(written)[:1] if is_checked_alone else list(more or written)
    of_app = (name for name in document if is_of(name, created))
    networks = (network_of(name) for name in created if has_network(spec))
    return CreatedServices(tuple(of_app), tuple(networks))


def make_folders(variants: Iterable[str], spec: AppSpec, work: Path) -> None:
    """Make the folders that each variant writes to."""
    for name in variants:
        for kind in (LOGS, SOCKETS, HOMES):
            (work / kind / name).mkdir(exist_ok=True)
        if has_network(spec):
            (work / LOGS / name).chmod(0o777)  # each server beside it has a user of its own


def is_of(service: str, variants: Sequence[str]) -> bool:
    """Whether it is one of these variants, or stands beside one of them."""
    return any(service == each or service.startswith(f"{each}{BESIDE}") for each in variants)


def tagged_image(image: str, spec: AppSpec) -> str:
    """The image's name for Compose: what the lab builds has the tag of its clone."""
    return f"{image}${{LAB_TAG:-}}" if is_made_here(spec) else image


def container_allocators(given: Mapping[str, str]) -> Allocators:
    """Where the variants find other allocators, if scripts/try saw them in the app's image."""
    return Allocators(
        JEMALLOC_LINK if given.get("LAB_JEMALLOC") else None,
        MIMALLOC_LINK if given.get("LAB_MIMALLOC") else None,
    )
