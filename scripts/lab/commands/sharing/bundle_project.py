"""The Compose project of a bundle: the lab's own files, and the services of the run."""

import json
import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from lab.app.container import (
    CONSTRAINTS,
    MOST_RECIPE_BYTES,
    RECIPE,
    REQUIREMENTS,
    hardened,
    recipe,
    requirements_texts,
)
from lab.app.container_layer import LABEL, layer
from lab.app.services import dollars, services
from lab.app.spec import AppSpec
from lab.commands.app_runs.input import app_settings
from lab.commands.sharing.bundle_servers import (
    SERVER_RECIPE,
    WORK,
    starts_servers,
    with_own_servers,
)
from lab.errors import LabError
from lab.files import read_bytes
from lab.matrix.compose_file import document_of
from lab.matrix.variants import read_matrix
from lab.paths import COMPOSE_FILE, MEMRAY_LOCK, ROOT
from lab.records.experiment import Experiment
from lab.share.archive import ArchiveEntry
from lab.share.project import (
    PROJECT,
    ProjectService,
    app_services,
    renamed,
    suite_services,
    volumes_recipe,
    with_defaults,
)

APP_FOLDER = "images/app"
COMPLETED_RECIPE = f"{APP_FOLDER}/completed.Dockerfile"
FILES = (
    *("images/driver.Dockerfile", "images/gate.Dockerfile", "images/gate/haproxy.cfg"),
    "images/bases.txt",
    *("images/entry", "images/locks/driver.txt", "apps/outside/sitecustomize.py", "LICENSE"),
    *("scripts/shell/bases", "scripts/shell/contained.sh"),
    *("scripts/shell/settings.sh", "scripts/shell/dotenv.awk"),
)
GLOBS = ("scripts/lab/**/*", "apps/*.py", "images/cpus/*")
OF_SUITES = (
    *("images/variant.Dockerfile", "images/server.Dockerfile", "apps/shim/sitecustomize.py"),
    *("images/postgres/entry", "images/postgres/readings.sql"),
)
PROGRAMS = frozenset({"images/entry", "images/postgres/entry", "scripts/shell/bases"})
IGNORED = "*\n!apps\n!images\n!scripts\n!app\n!compose.yaml\n**/__pycache__\nimages/cpus\n"


def lab_files(more: Sequence[str] = ()) -> dict[str, ArchiveEntry]:
    """The lab's own files that a rerun needs, by their names in the repository.

    Raises:
        LabError: one is missing.
    """
    names = {*FILES, *more, *(name for pattern in GLOBS for name in matching(pattern))}
    return {name: ArchiveEntry(read(name), name in PROGRAMS) for name in sorted(names)}


def matching(pattern: str) -> Iterator[str]:
    for path in ROOT.glob(pattern):
        if path.is_file() and "__pycache__" not in path.parts and not path.name.endswith(".pyc"):
            yield path.relative_to(ROOT).as_posix()


def read(name: str) -> bytes:
    try:
        return (ROOT / name).read_bytes()
    except OSError as error:
        raise LabError(f"{name} of the lab cannot be read: {error.strerror}") from error


def project_files(
    experiment: Experiment, given: Mapping[str, str], app: AppSpec | None, folder: str
) -> dict[str, ArchiveEntry]:
    """Everything that Compose needs to run it again, by name.

    Args:
        experiment: the run's.
        given: the settings that the run was given.
        app: the user's app, out of the bundle; None for a run of a suite.
        folder: the app's in the bundle.
    """
    own = suite_files(experiment, given) if app is None else app_files(app, folder, given)
    dotenv = f"COMPOSE_PROJECT_NAME={PROJECT}\n"
    return {
        **own,
        ".env": ArchiveEntry(dotenv.encode()),
        ".dockerignore": ArchiveEntry(IGNORED.encode()),
    }


def lab_services() -> Mapping[str, ProjectService]:
    compose_services: Mapping[str, ProjectService] = lab_document()["services"]
    return compose_services


def lab_document() -> Mapping[str, Any]:
    """The lab's own compose file. Nobody may change it."""
    document: Mapping[str, Any] = document_of(COMPOSE_FILE.read_text(encoding="utf-8"))
    return document


def compose_entry(
    services: Mapping[str, ProjectService], volumes: Mapping[str, object]
) -> ArchiveEntry:
    """The compose file, as JSON, which is YAML, with a value a line."""
    networks = lab_document()["networks"]
    document = {"services": renamed(services), "networks": networks, "volumes": volumes}
    return ArchiveEntry((json.dumps(document, indent=1) + "\n").encode())


def suite_files(experiment: Experiment, given: Mapping[str, str]) -> dict[str, ArchiveEntry]:
    """The project of a run of chosen variants."""
    variants = {each.name: each for each in read_matrix(COMPOSE_FILE, given)}
    chosen = [variants[name] for name in experiment.variants if name in variants]
    needs = sorted({need for each in chosen for need in each.needs})
    stacks = sorted({f"images/locks/{each.axes.stack}.txt" for each in chosen})
    compose_services = suite_services(lab_services(), experiment.variants, needs)
    compose = compose_entry(with_defaults(compose_services, given), {"logs": {}})
    return {**lab_files((*OF_SUITES, *stacks)), "compose.yaml": compose}


def app_files(app: AppSpec, folder: str, given: Mapping[str, str]) -> dict[str, ArchiveEntry]:
    """The project of a run of a user app."""
    cpus, app = app_settings(given).host_cpus, without_outside(app)
    own = services(app, (), cpus)  # a rerun measures what it compares
    variants = {name: built(app, folder, in_bundle(each, name, cpus)) for name, each in own.items()}
    command = image_command(app)
    compose_services, volumes = app_services(
        lab_services(), variants, folder, app.file.name, command
    )
    has_servers = starts_servers(app)
    made = {"images/volumes.Dockerfile": volumes_recipe(tuple(volumes), is_shared=has_servers)}
    if has_servers:
        whole = with_own_servers(compose_services, tuple(variants), app)
        compose_services, volumes = dict(whole.services), {**volumes, **whole.volumes}
    if not app.has_own_image:
        wanted, limits = requirements_texts(app)
        made |= {
            f"{APP_FOLDER}/{REQUIREMENTS}": wanted,
            f"{APP_FOLDER}/{CONSTRAINTS}": limits,
            f"{APP_FOLDER}/{MEMRAY_LOCK.name}": MEMRAY_LOCK.read_text(encoding="utf-8"),
            f"{APP_FOLDER}/{RECIPE}": recipe(app, folder, f"{APP_FOLDER}/"),
        }
    if app.is_completed:
        made[COMPLETED_RECIPE] = completed_text(app)
    defaults = {"HOST_CPUS": "host", **given}
    return {
        **lab_files((SERVER_RECIPE,) if has_servers else ()),
        **{name: ArchiveEntry(text.encode()) for name, text in made.items()},
        "compose.yaml": compose_entry(with_defaults(compose_services, defaults), volumes),
    }


def own_build(app: AppSpec, folder: str) -> ProjectService | None:
    """How Compose builds an app's own image; None for one that is only named.

    Args:
        folder: the app's in the bundle.
    """
    context = build_context(app)
    where = PurePosixPath(folder) / context.relative_to(app.folder.resolve()).as_posix()
    file = None if app.dockerfile is None else os.path.relpath(app.dockerfile, context)
    if app.is_completed:
        file = os.path.relpath(COMPLETED_RECIPE, where)
    if file is None:
        return None
    build: ProjectService = {"context": f"./{where}", "dockerfile": file}
    if app.build is not None:
        build["args"] = {name: dollars(value) for name, value in app.build.args.items()}
    if app.build is not None and app.build.target is not None and not app.is_completed:
        build["target"] = app.build.target
    return build


def build_context(app: AppSpec) -> Path:
    return app.build.context if app.build is not None else app.folder.resolve()


def outside_of_build(app: AppSpec) -> dict[str, Path]:
    """The mounts, by their targets in its container, of which no builder of its image knows."""
    context, files = build_context(app), app.mounts.files
    return {target: path for target, path in files.items() if not path.is_relative_to(context)}


def without_outside(app: AppSpec) -> AppSpec:
    """The app with the mounts that are built into its image."""
    left_out = outside_of_build(app)
    kept = {target: path for target, path in app.mounts.files.items() if target not in left_out}
    return replace(app, mounts=replace(app.mounts, files=kept))


def completed_text(app: AppSpec) -> str:
    """The recipe of an app's own image with its last layer, in one file.

    Raises:
        LabError: its Dockerfile cannot be read.
    """
    context = build_context(app)
    if app.dockerfile is None:
        before = f"FROM {app.image}"
    else:
        before = read_bytes(app.dockerfile, MOST_RECIPE_BYTES).decode("utf-8", "replace").rstrip()
    target = app.build.target if app.build else None
    stage = [f"FROM {target}"] if target else []
    return "\n".join((before, *stage, LABEL, *layer(app, context, ".", "1000:1000"), ""))


def image_command(app: AppSpec) -> str:
    """What the image of an app serves it with, as an engine reports it; empty without such one."""
    if not app.has_own_image or app.command is None:
        return ""
    try:
        return json.dumps([None, shlex.split(app.command)])
    except ValueError:  # of lab.toml, whose line is read from there; an image's own is whole
        return ""


def in_bundle(service: ProjectService, name: str, cpus: int | None) -> ProjectService:
    """A variant with the limits of `make try`, its volumes and paths those of the bundle."""
    limited = hardened(service, name, WORK, Path("."), cpus)
    volumes = [each for each in limited["volumes"] if not each.startswith(f"{WORK}/")]
    environment = {**limited["environment"], "LAB_LIFECYCLE": "${LAB_LIFECYCLE:-compose}"}
    return {**limited, "environment": environment, "volumes": volumes}


def built(app: AppSpec, folder: str, service: ProjectService) -> ProjectService:
    """The variant with what its image is built from; one with an `image` of its own has none."""
    if app.has_own_image:
        build = own_build(app, folder)
        return {**service, "build": build} if build else service
    key = app.python.replace(".", "")
    base = f"${{BASE_PY{key}:-python:{app.python}-slim-bookworm}}"
    build = {
        "context": ".",
        "dockerfile": f"{APP_FOLDER}/{RECIPE}",
        "args": {
            "PYTHON_IMAGE": base,
            "BASE_KIND": "${BASE_KIND:-official}",
            "BASE_REFERENCE": f"${{BASE_PY{key}_REFERENCE:-}}",
        },
    }
    return {**service, "build": build}
