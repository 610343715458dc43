"""`lab try-step`: what scripts/try asks the engine for next, after what the engine did last.

An app in containers takes several steps, because the engine is the host's alone, and the host may
have no Python: scripts/try runs this in the driver's image, does what it prints, and comes back.
"""

import argparse
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from lab.app.container import GUESS
from lab.app.described import RECORD, read_described, write_described
from lab.app.guess.failures import Failure, FailureKind
from lab.app.guess.system_libraries import build_needs
from lab.app.services import image_name
from lab.app.spec import AppSpec
from lab.app.spec_file import read_spec
from lab.commands.app_runs.input import app_settings, probed, with_image
from lab.commands.checks.container_check import CHECKED_GUESS, FAILURES
from lab.commands.checks.texts import not_installed
from lab.commands.tries.container_guess import (
    build_failure,
    completing_failure,
    guess_failed,
    guessed_description,
    is_guess,
    no_server_here,
)
from lab.commands.tries.image_needs import prepare
from lab.commands.tries.release_image import write_recipe, write_release
from lab.commands.tries.services import CreatedServices, write_containers
from lab.errors import ExitCode, LabError
from lab.settings import given_settings


class Event(StrEnum):
    """What happened last."""

    BEGIN = "begin"
    NOT_BUILT = "not-built"
    """The builder's log is in LAB_BUILD_LOG, its telling line in LAB_REASON."""
    NOT_COMPLETED = "not-completed"
    """The layer on an image of the app's own was not built; the same variables say why."""
    NO_PYTHON = "no-python"
    NO_IMAGE = "no-image"
    NO_SERVER = "no-server"
    """A server beside the app has no image here; LAB_REASON says which one, and why."""
    NO_COMPANION = "no-companion"
    """Another service of its Compose file has no image here; LAB_REASON says which one, and why."""
    UNUSABLE = "unusable"
    """No container can be made of the image; LAB_REASON says why."""
    BUILT = "built"
    """The image is there; LAB_IMAGE_COMMAND, LAB_IMAGE_FACTS, LAB_JEMALLOC, LAB_MIMALLOC and
    LAB_MEMRAY say what is in it.
    """
    CHECKED = "checked"
    """A guess comes up and answers; the driver wrote down the app with its requests."""
    FAILED = "failed"
    """A guess did not come up; the driver wrote down why."""
    RELEASE = "release"
    """The driver asked for another release of what holds the memory."""
    RELEASE_BUILT = "release-built"
    """LAB_RELEASE is the version in its image; empty where there is none, which LAB_REASON says."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("event", type=Event, choices=list(Event), help="what happened last")
    parser.add_argument("work", type=Path, help="the folder with the app's copy, for all steps")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Prints a shell's assignments: what the image and its servers need; once built, the services.

    Raises:
        LabError: the app cannot be used or measured; one line says why, and the next step.
    """
    for line in step(arguments.event, given_settings(), arguments.work):
        print(line)
    return ExitCode.DECIDED


def step(event: Event, given: Mapping[str, str], work: Path) -> tuple[str, ...]:
    """The lines for scripts/try.

    Raises:
        LabError: nothing follows.
    """
    if event is Event.CHECKED:
        return tuple(checked_guess(given, work).assignments())
    if event is Event.RELEASE:
        return tuple(write_recipe(work).assignments())
    if event is Event.RELEASE_BUILT:
        return tuple(write_release(given, work).assignments())
    if event is Event.BUILT:
        spec = with_image(read_described(work / RECORD), given)
        written = write_containers(spec, given, work, only_base=is_guess(work))
        write_described(work / RECORD, spec)
        return tuple(written.assignments())
    spec = probed(next_description(event, given, work), app_settings(given))
    write_described(work / RECORD, spec)
    return tuple(prepare(spec, work).assignments())


def checked_guess(given: Mapping[str, str], work: Path) -> CreatedServices:
    """All services of a guess that comes up, which is an app with a description from now on."""
    spec = read_described(work / GUESS / CHECKED_GUESS)
    (work / GUESS / FAILURES.name).unlink(missing_ok=True)
    write_described(work / RECORD, spec)
    return write_containers(spec, given, work)


def next_description(event: Event, given: Mapping[str, str], work: Path) -> AppSpec:
    """The app as it is tried next: as it is described, or the next guess.

    Raises:
        LabError: there is none.
    """
    file, record = Path(given["APP"]), work / RECORD
    if event is Event.BEGIN:
        if record.exists():
            return read_described(record)
        return read_spec(file) if file.exists() else guessed_description(work, file)
    spec = read_described(record)
    if not is_guess(work) or event in (Event.NO_IMAGE, Event.UNUSABLE):
        raise LabError(why_not(event, spec, given.get("LAB_REASON", "")) + built_with(given, spec))
    if event is Event.NO_PYTHON:
        guess_failed(work, Failure(FailureKind.INSTALL, why_not(event, spec, "")))
    if event in (Event.NO_SERVER, Event.NO_COMPANION):
        guess_failed(work, no_server_here(given.get("LAB_REASON", "")))
    if event is Event.NOT_BUILT:
        log = f"{given.get('LAB_BUILD_LOG', '')}\n{given.get('LAB_REASON', '')}"
        guess_failed(work, build_failure(log, is_own=spec.has_own_image))
    if event is Event.NOT_COMPLETED:
        guess_failed(work, completing_failure(given.get("LAB_BUILD_LOG", "")))
    return guessed_description(work, file)


def built_with(given: Mapping[str, str], spec: AppSpec) -> str:
    """The key that a build of the described requirements asks for, after its reason."""
    packages = build_needs(given.get("LAB_BUILD_LOG", "")) if not spec.has_own_image else ()
    listed = ", ".join(f'"{each}"' for each in packages)
    return f": its build needs system_packages = [{listed}]" if packages else ""


def why_not(event: Event, spec: AppSpec, reason: str) -> str:
    """The one line for an image that cannot be had."""
    python = spec.python
    if event is Event.NO_PYTHON:
        return (
            f"{spec.file}: python = {python} cannot be had: no registry answers, and this host has "
            f"no CPython {python} (pyenv install {python})"
        )
    if event is Event.NO_IMAGE:
        return (
            f"{spec.file}: image = {spec.image} is not here and cannot be pulled: "
            "build it, or name another"
        )
    if event is Event.NO_SERVER:
        return f"{spec.file}: services: {reason}"
    if event is Event.NO_COMPANION:
        return (
            f"{spec.file}: compose: it needs {reason}; services = [...] says what it needs instead"
        )
    if event is Event.NOT_COMPLETED:
        return f"{spec.file}: its image cannot be completed (prepare, volumes): {reason}"
    if event is Event.UNUSABLE:
        return f"{image_name(spec)} cannot be used: {reason}"
    if spec.dockerfile is not None:
        return f"{spec.dockerfile} cannot be built: {reason}"
    return not_installed(spec.file, reason)
