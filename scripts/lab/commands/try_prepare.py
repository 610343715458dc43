"""`lab try-prepare`: what an image of a user app needs, for scripts/try, which builds it.

An app in containers takes three steps, because the engine is the host's alone: scripts/try builds
between this one and `try-services`, and starts the driver for `try`.
"""

import argparse
import shlex
from collections.abc import Mapping
from pathlib import Path
from shutil import copyfile

from lab.app.container import (
    CONSTRAINTS,
    GUESS,
    HOMES,
    LOGS,
    RECIPE,
    REQUIREMENTS,
    SOCKETS,
    recipe,
    requirements_texts,
)
from lab.app.services import image_name
from lab.app.spec import AppSpec
from lab.commands.app_input import given_app
from lab.errors import ExitCode
from lab.paths import MEMRAY_LOCK, ROOT
from lab.settings import given_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("work", type=Path, help="the folder that gets what is written")


def run(arguments: argparse.Namespace) -> ExitCode:
    """
    Raises:
        LabError: the app cannot be used.
    """
    return prepare(given_settings(), ROOT, arguments.work)


def prepare(given: Mapping[str, str], root: Path, work: Path) -> ExitCode:
    """Write down in `work` what an image of the app needs; prints its Python and its recipe.

    Raises:
        LabError: the app cannot be used.
    """
    spec = given_app(given, root)
    if not spec.has_own_image:
        wanted, limits = requirements_texts(spec)
        (work / REQUIREMENTS).write_text(wanted, encoding="utf-8")
        (work / CONSTRAINTS).write_text(limits, encoding="utf-8")
        (work / RECIPE).write_text(recipe(spec), encoding="utf-8")
        copyfile(MEMRAY_LOCK, work / MEMRAY_LOCK.name)
    for name in (LOGS, SOCKETS, HOMES, GUESS):
        (work / name).mkdir(exist_ok=True)
    print(f"own_python={spec.python}")
    print(f"own_image={image_name(spec)}")
    print(f"own_recipe={whose_recipe(spec)}")
    print(f"own_dockerfile={shlex.quote(str(spec.dockerfile or ''))}")
    return ExitCode.DECIDED


def whose_recipe(spec: AppSpec) -> str:
    """Who says how its image is made: the lab, its own Dockerfile, or nobody."""
    if spec.image is not None:
        return "none"
    return "own" if spec.dockerfile is not None else "lab"
