"""The user app that a `make try` is about, and the settings that it is measured with."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from lab.app.described import read_described
from lab.app.folder import app_folder
from lab.app.image_facts import REPORTED, image_facts
from lab.app.spec import AppSpec
from lab.app.spec_file import read_spec
from lab.errors import UsageError
from lab.settings import Settings, parse_settings

ENTRY_ALONE = 1
"""The parts read of an image's entry point and command: the entry point alone."""


def given_app(given: Mapping[str, str], root: Path) -> AppSpec:
    """The app that APP or EXAMPLE names; LAB_PROBES=0 takes the probes out as its own key does.

    Where an earlier step of `make try` has read its lab.toml, what it said is in LAB_DESCRIBED.

    Raises:
        UsageError: it cannot be used.
    """
    described = given.get("LAB_DESCRIBED")
    spec = read_described(Path(described)) if described else read_spec(app_folder(given, root))
    return probed(spec, app_settings(given))


def probed(spec: AppSpec, settings: Settings) -> AppSpec:
    """The app with probes only where the settings allow them, too."""
    return replace(spec, probes=spec.probes and settings.probes)


def app_settings(given: Mapping[str, str]) -> Settings:
    """The settings, in which the machine's CPUs are shown as they are unless HOST_CPUS is given.

    Raises:
        UsageError: one of them is out of range.
    """
    return parse_settings({"HOST_CPUS": "host", **given})


def with_image(spec: AppSpec, given: Mapping[str, str]) -> AppSpec:
    """The app with what the engine reports of its image: its command, its folders.

    Raises:
        UsageError: nothing says its command.
    """
    facts = image_facts(given.get(REPORTED, ""))
    served = with_command(spec, given)
    return replace(served, image_facts=facts) if spec.has_own_image else served


def with_command(spec: AppSpec, given: Mapping[str, str]) -> AppSpec:
    """The app with its image's own command, which the engine reports, where lab.toml has none.

    Raises:
        UsageError: there is none at all.
    """
    if spec.command and not spec.is_after_entry:
        return spec
    if spec.command:
        entry = shlex.join(command_words(given.get("LAB_IMAGE_COMMAND") or "[]", ENTRY_ALONE))
        return replace(spec, command=f"{entry} {spec.command}".strip(), is_after_entry=False)
    words = command_words(given.get("LAB_IMAGE_COMMAND") or "[]")
    if not words:
        raise UsageError(
            f"{spec.file}: command is missing, and its image names none: the line "
            'that serves the app on $PORT, such as command = "python app.py"'
        )
    return replace(spec, command=shlex.join(words))


def command_words(image_command: str, most: int | None = None) -> list[str]:
    """An image's entry point and command as one list of words, empty where it has neither.

    Args:
        most: how many of the two are taken; 1: the entry point alone.
        image_command: JSON, a list of the two, each a list of words or null; cut short where it is
            too long for an environment, and then no command either.
    """
    try:
        return [word for words in json.loads(image_command)[:most] if words for word in words]
    except json.JSONDecodeError:
        return []
