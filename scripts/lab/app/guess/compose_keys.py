"""The app's own Compose file as keys of a description, where it says what no other key can."""

from collections.abc import Iterator, Mapping
from typing import Any

from lab.app.compose_reader import depended_on
from lab.app.guess.folder import Folder, upwards
from lab.app.guess.guess_records import Guessed
from lab.app.guess.settings import context_of
from lab.app.guess.stated_commands import COMPOSE_FILES, WORKER, compose_services, inner
from lab.app.server_addresses import kind_of_image


def compose_keys(folder: Folder, project: str) -> list[Guessed]:
    """The file and its service that is built from the project and has secrets."""
    for name, service, values in built_services(folder, project):
        if values.get("secrets"):
            why = f"{service} in {name} has secrets"
            return [Guessed("compose", name, why), Guessed("service", service, why)]
    return []


def companion_keys(folder: Folder, project: str) -> list[Guessed]:
    """The file and its service that is built from the project and needs more than servers."""
    for name, service, values in built_services(folder, project):
        services = compose_services(folder.text(name))
        others = [each for each in depended_on(values) if is_other(services.get(each, {}))]
        if others:
            why = f"{service} in {name} depends on {', '.join(others)}"
            return [Guessed("compose", name, why), Guessed("service", service, why)]
    return []


def built_services(folder: Folder, project: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """File, name and values of each service that is built from the project and serves."""
    for up in upwards(project):
        for name in folder.inside(up, COMPOSE_FILES):
            for service, values in compose_services(folder.text(name)).items():
                where = inner(folder, up, context_of(values))
                is_ours = where in (project, up) or project.startswith(f"{where}/")
                if is_ours and "build" in values and not WORKER.search(service):
                    yield name, service, values


def is_other(values: Mapping[str, Any]) -> bool:
    """Whether it is a service that no server stands for."""
    return bool(values) and kind_of_image(values.get("image")) is None
