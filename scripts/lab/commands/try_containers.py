"""An app in containers: what its image needs, its services, and the run inside the driver's own.

Three steps, because the engine is the host's alone: scripts/try builds between the first two and
starts the driver for the third.
"""

import json
import shlex
import signal
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from lab.app.container import (
    CONSTRAINTS,
    HOMES,
    JEMALLOC_LINK,
    LOGS,
    RECIPE,
    REQUIREMENTS,
    SOCKETS,
    driver,
    hardened,
    recipe,
    requirements_texts,
)
from lab.app.interventions import interventions_for
from lab.app.services import image_name, services
from lab.app.spec import AppSpec
from lab.app.workdir import COMPOSE_FILE
from lab.commands.app_run import plan_of, run_app
from lab.commands.try_app import app_settings, close, described
from lab.engines.choice import through_the_gate
from lab.errors import ExitCode, UsageError

PROBES = Path("/lab/probes")
"""Where the driver's container sees the sockets of the variants."""


def prepare(given: Mapping[str, str], root: Path, work: Path) -> ExitCode:
    """Write down in `work` what an image of the app needs; prints its Python and its recipe.

    Raises:
        LabError: the app cannot be used.
    """
    description = described(given, root)
    if not description.has_own_image:
        wanted, limits = requirements_texts(description)
        (work / REQUIREMENTS).write_text(wanted, encoding="utf-8")
        (work / CONSTRAINTS).write_text(limits, encoding="utf-8")
        (work / RECIPE).write_text(recipe(description), encoding="utf-8")
    for name in (LOGS, SOCKETS, HOMES):
        (work / name).mkdir()
    print(f"own_python={description.python}")
    print(f"own_image={image_name(description)}")
    print(f"own_recipe={whose_recipe(description)}")
    print(f"own_dockerfile={shlex.quote(str(description.dockerfile or ''))}")
    return ExitCode.DECIDED


def whose_recipe(description: AppSpec) -> str:
    """Who says how its image is made: the lab, its own Dockerfile, or nobody."""
    if description.image is not None:
        return "none"
    return "own" if description.dockerfile is not None else "lab"


def write_containers(given: Mapping[str, str], root: Path, work: Path) -> ExitCode:
    """Write the services of an app whose image is there; prints their names.

    Raises:
        LabError: the app cannot be used.
    """
    description = with_command(described(given, root), given)
    cpus, host_root = app_settings(given).host_cpus, Path(given["LAB_HOST_ROOT"])
    host_work = Path(given["LAB_HOST_WORK"])
    changes = interventions_for(description, container_jemalloc(given))
    found = services(description, changes, cpus, given.get("LAB_MEMRAY") or None)
    for name in found:
        (work / SOCKETS / name).mkdir()
        (work / HOMES / name).mkdir()
    document = {
        name: hardened(each, name, host_work, host_root, cpus) for name, each in found.items()
    }
    text = json.dumps(
        {"services": {**document, "driver": driver(description, host_work)}}, indent=1
    )
    (work / COMPOSE_FILE).write_text(text, encoding="utf-8")
    print(*found)
    return ExitCode.DECIDED


def container_jemalloc(given: Mapping[str, str]) -> str | None:
    return JEMALLOC_LINK if given.get("LAB_JEMALLOC") else None


def with_command(description: AppSpec, given: Mapping[str, str]) -> AppSpec:
    """The image's own command, as the engine told it, where the app names none.

    Raises:
        UsageError: there is none at all.
    """
    if description.command:
        return description
    words = command_words(given.get("LAB_IMAGE_COMMAND") or "[]")
    if not words:
        raise UsageError(
            f"{description.file}: command is missing, and its image names none: the line "
            'that serves the app on $PORT, such as command = "python app.py"'
        )
    return replace(description, command=shlex.join(words))


def command_words(told: str) -> list[str]:
    """An image's entry point and command as one list of words, empty where it has neither.

    Args:
        told: JSON, a list of the two, each a list of words or null; cut short where it is too long
            for an environment, and then no command either.
    """
    try:
        return [word for words in json.loads(told) if words for word in words]
    except json.JSONDecodeError:
        return []


def try_with_containers(
    given: Mapping[str, str], root: Path, results: Path, console: Console
) -> ExitCode:
    """In the driver's own container, through the gate.

    Raises:
        LabError: the app cannot be measured.
    """
    settings = app_settings(given)
    description = with_command(described(given, root), given)
    plan = plan_of(description, root / COMPOSE_FILE, given, container_jemalloc(given))
    engine = through_the_gate(PROBES if description.probes else None).engine
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder, found = run_app(plan, settings, engine, results, console)
    return close(folder, found, description, console)
