"""The app's own Compose file as keys of a description, where it says what no other key can."""

from collections.abc import Mapping
from typing import Any

from lab.app.guess.folder import Folder, upwards
from lab.app.guess.guessed import Guessed
from lab.app.guess.settings import context_of
from lab.app.guess.stated import COMPOSE_FILES, WORKER, compose_services, inner


def compose_keys(folder: Folder, project: str) -> list[Guessed]:
    """The file and its service that is built from the project and has secrets."""
    for up in upwards(project):
        for name in folder.inside(up, COMPOSE_FILES):
            for service, values in compose_services(folder.text(name)).items():
                where = inner(folder, up, context_of(values))
                is_ours = where in (project, up) or project.startswith(f"{where}/")
                if is_ours and is_telling(service, values):
                    why = f"{service} in {name} has secrets"
                    return [Guessed("compose", name, why), Guessed("service", service, why)]
    return []


def is_telling(service: str, values: Mapping[str, Any]) -> bool:
    """Whether it serves, and is given secrets as files."""
    return "build" in values and bool(values.get("secrets")) and not WORKER.search(service)
