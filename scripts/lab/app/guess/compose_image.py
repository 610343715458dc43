"""The image that an app's Compose file builds, where it says more than a Dockerfile at the top."""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from lab.app.companions import sources
from lab.app.compose_reader import port_of
from lab.app.guess.compose_keys import built_services, compose_keys
from lab.app.guess.dockerfile import image_command, up_to
from lab.app.guess.folder import Folder, parent_of
from lab.app.guess.guess import guess as guess_of
from lab.app.guess.guess import project_folder
from lab.app.guess.guess_records import Guess, Guessed
from lab.app.guess.shell import quoted

NAMES = ("dockerfile", "compose", "service")


def with_composed_image(guess: Guess, folder: Folder) -> Guess:
    """The guess with its Compose file's image: of a Dockerfile below the top, of one stage, with
    the files that are mounted into it.
    """
    project = project_folder(folder)
    if guess.key("local_command") is None and guess.key("command") is None:
        return guess
    for name, service, values in built_services(folder, project):
        context, dockerfile = build_paths(name, values)
        more = list(says_more(dockerfile, values))
        if dockerfile in folder.files and more and has_project(context, project, folder):
            why = f"{service} in {name} has {' and '.join(more)}"
            keys = [
                Guessed("dockerfile", dockerfile, why),
                Guessed("compose", name, why),
                Guessed("service", service, why),
            ]
            changed = in_image(guess, values, folder.text(dockerfile))
            return in_folder_and_image(changed, context, dockerfile).having(*keys)
    return guess


def build_paths(name: str, values: Mapping[str, Any]) -> tuple[str, str]:
    """The folder that a service is built from, and its Dockerfile, as the project names them."""
    build = values["build"]
    table: Mapping[str, Any] = build if isinstance(build, Mapping) else {"context": build}
    context = posixpath.normpath(posixpath.join(parent_of(name), str(table.get("context", "."))))
    dockerfile = posixpath.join(context, str(table.get("dockerfile", "Dockerfile")))
    return ("" if context == "." else context), posixpath.normpath(dockerfile)


def has_project(context: str, project: str, folder: Folder) -> bool:
    """Whether the folder that an image is built from has the program that serves."""
    if context == "":
        return True
    is_near = f"{project}/".startswith(f"{context}/") or f"{context}/".startswith(f"{project}/")
    return context in folder.python_folders and (project == "" or is_near)


def says_more(dockerfile: str, values: Mapping[str, Any]) -> Iterator[str]:
    """The names of what the plain Dockerfile of the folder does not have."""
    build = values["build"]
    if dockerfile != "Dockerfile":
        yield dockerfile
    if isinstance(build, Mapping) and build.get("target"):
        yield "a stage of its own"
    if any(source[:1] == "." for source, _ in sources(values.get("volumes") or ())):
        yield "files that are mounted"


def in_image(guess: Guess, values: Mapping[str, Any], text: str) -> Guess:
    """The guess for the image of one service: what serves without it is kept beside it.

    Args:
        values: of the service.
        text: its Dockerfile's.
    """
    guess = beside_image(guess).without("command")
    if values.get("command") or values.get("entrypoint"):
        guess = guess.without("port") if port_of(values) is not None else guess
    else:
        build = values["build"]
        target = build.get("target") if isinstance(build, Mapping) else None
        guess = guess.having(*image_command(up_to(text, target)))
    if guess.key("services") is None:
        guess = guess.having(Guessed("services", [], "nothing else, as long as it serves"))
    return guess


def in_folder_and_image(guess: Guess, context: str, dockerfile: str) -> Guess:
    """The guess whose preparation begins in its folder, and in its image, which has that alone."""
    prepare, into = guess.key("prepare"), f"cd {context} && "
    if prepare is None or not context:
        return guess
    line = str(prepare.value).replace(into, f"[ ! -e {quoted(dockerfile)} ] || {into}")
    return guess.having(Guessed("prepare", line, prepare.why))


def beside_image(guess: Guess) -> Guess:
    """The guess whose command is the one without an image."""
    line = guess.key("command")
    if guess.key("dockerfile") is not None or line is None:
        return guess
    local = tuple(Guessed("local_command", each.value, each.why) for each in guess.commands)
    return replace(guess, commands=local).having(Guessed("local_command", line.value, line.why))


def without_composed_image(guess: Guess, folder: Folder) -> Guess:
    """The guess without that image; with the Compose file where there are other reasons for it."""
    if not by_compose_file(guess):
        return guess
    kept = guess.without("compose").without("service")
    if guess.value("services") == []:
        kept = kept.without("services")
    if (port := guess_of(folder).key("port")) is not None and kept.key("port") is None:
        kept = kept.having(port)
    return kept.having(*compose_keys(folder, project_folder(folder)))


def by_compose_file(guess: Guess) -> bool:
    """Whether its image is built as its Compose file says."""
    return all(guess.key(name) is not None for name in NAMES)
