"""`lab try`: from an app's folder to its answer, on whichever engine there is."""

import json
import os
import shlex
import signal
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.text import Text

from lab.choose import say, through_the_gate
from lab.errors import ExitCode, UsageError
from lab.own.answer import Answer
from lab.own.changes import changes_for
from lab.own.container import (
    HOMES,
    JEMALLOC_LINK,
    LOGS,
    RECIPE,
    REQUIREMENTS,
    SOCKETS,
    driver,
    hardened,
    recipe,
    requirements_text,
)
from lab.own.description import Description
from lab.own.environment import ENVIRONMENTS, prepare_memray
from lab.own.folder import app_folder
from lab.own.place import (
    COMPOSE_FILE,
    COPY,
    copy_app,
    find_jemalloc,
    installed_here,
    process_engine,
    workplace,
    write_services,
)
from lab.own.run import conduct_try, plan_of
from lab.own.service import image_name, services
from lab.own.toml import read_description
from lab.own.wording import cause_lines, help_line, outcome_table, traced_text, verdict_line
from lab.settings import Settings, parse_settings
from lab.store import RunFolder
from lab.summary import Verdict

PROBES = Path("/lab/probes")
"""Where the driver's container sees the sockets of the variants."""


def described(given: Mapping[str, str], root: Path) -> Description:
    """The app that is meant; LAB_PROBES=0 takes the probes out as its own key does.

    Raises:
        UsageError: it cannot be used.
    """
    found = read_description(app_folder(given, root))
    return replace(found, probes=found.probes and own_settings(given).probes)


def own_settings(given: Mapping[str, str]) -> Settings:
    """An own app sees the machine's CPUs, unless others are asked for."""
    return parse_settings({"HOST_CPUS": "host", **given})


def prepare(given: Mapping[str, str], root: Path, work: Path) -> ExitCode:
    """Write down in `work` what an image of the app needs; prints its Python and its recipe.

    Raises:
        LabError: the app cannot be used.
    """
    description = described(given, root)
    copy_app(description.folder, work / COPY)
    recipe_kind = "lab"
    if description.has_own_image:
        recipe_kind = "none" if description.image else "own"
    else:
        (work / REQUIREMENTS).write_text(requirements_text(description), encoding="utf-8")
        (work / RECIPE).write_text(recipe(description), encoding="utf-8")
    for name in (LOGS, SOCKETS, HOMES):
        (work / name).mkdir()
    print(f"own_python={description.python}")
    print(f"own_image={image_name(description)}")
    print(f"own_recipe={recipe_kind}")
    print(f"own_dockerfile={shlex.quote(str(description.dockerfile or ''))}")
    return ExitCode.DECIDED


def write_containers(given: Mapping[str, str], root: Path, work: Path) -> ExitCode:
    """Write the services of an app whose image is there; prints their names.

    Raises:
        LabError: the app cannot be used.
    """
    description = with_command(described(given, root), given)
    cpus, host_root = own_settings(given).host_cpus, Path(given["LAB_HOST_ROOT"])
    host_work = Path(given["LAB_HOST_WORK"])
    changes = changes_for(description, container_jemalloc(given))
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


def with_command(description: Description, given: Mapping[str, str]) -> Description:
    """The image's own command, as the engine told it, where the app names none.

    Raises:
        UsageError: there is none at all.
    """
    if description.command:
        return description
    words = json.loads(given.get("LAB_IMAGE_COMMAND") or "[]")
    if not words:
        raise UsageError(
            f"{description.file}: command is missing, and its image names none: the line "
            'that serves the app on $PORT, such as command = "python app.py"'
        )
    return replace(description, command=shlex.join(words))


def try_with_containers(
    given: Mapping[str, str], root: Path, results: Path, console: Console
) -> ExitCode:
    """In the driver's own container, through the gate.

    Raises:
        LabError: the app cannot be measured.
    """
    settings = own_settings(given)
    description = with_command(described(given, root), given)
    plan = plan_of(description, root / COMPOSE_FILE, given, container_jemalloc(given))
    engine = through_the_gate(PROBES if description.probes else None).engine
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder, found, interrupted = conduct_try(plan, settings, engine, results, console)
    return close(folder, found, description, console, interrupted)


def try_with_processes(
    given: Mapping[str, str], root: Path, results: Path, console: Console
) -> ExitCode:
    """Without containers.

    Raises:
        LabError: the app cannot be measured.
    """
    settings = own_settings(given)
    description = described(given, root)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with workplace(description) as work:
        installed = installed_here(description, root, say)
        memray = prepare_memray(description, root / ENVIRONMENTS, installed)
        jemalloc, file = find_jemalloc(), work / COMPOSE_FILE
        write_services(
            description, settings.host_cpus, jemalloc, file, str(memray) if memray else None
        )
        engine = process_engine(description, installed, settings, given, root, work)
        plan = plan_of(description, file, given, jemalloc)
        folder, found, interrupted = conduct_try(plan, settings, engine, results, console)
    return close(folder, found, description, console, interrupted)


def close(
    folder: RunFolder,
    found: Answer,
    description: Description,
    console: Console,
    interrupted: bool,
) -> ExitCode:
    """Print the answers; what they are worth as an exit code."""
    console.print(Text(verdict_line(found, description), style="bold"))
    for line in cause_lines(found):
        console.print(Text(f"cause: {line}"))
    console.print(Text(f"what helps: {help_line(found)}", style="bold"))
    for line in (*outcome_table(found), *traced_text(found)):
        console.print(Text(line))
    console.print(f"report: {shown(folder)}/answer.md, report.html", soft_wrap=True)
    if interrupted:
        return ExitCode.INTERRUPTED
    undecided = found.judged.verdict is Verdict.INCONCLUSIVE
    return ExitCode.UNDECIDED if undecided else ExitCode.DECIDED


def shown(folder: RunFolder) -> str:
    return os.path.relpath(folder.path)
