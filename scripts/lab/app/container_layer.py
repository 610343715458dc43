"""An app's own image, completed by one more layer.

The root of a container is read-only, and the user who serves is not one of the image's. So the
layer gives that user the image's working folder, of which each variant has a copy. Where the
working folder is the root, its files move, and links lead to them. A bind mount of the Compose file
would give all variants one folder of the host to write to; in the image each has its own.
"""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

from lab.app.container_folders import MOVED, closed_in_shell, move_from_top
from lab.app.spec import AppSpec

RECIPE = "completed.Dockerfile"
LABEL = "LABEL memlab=image"
USER_PACKAGES = "/lab/user"
"""Where the packages are found that `pip install --user` put into the home of an image's user."""
PREPARES = f"exec env HOME=/tmp PYTHONUSERBASE={USER_PACKAGES}"
"""The first words of the step that makes the app's data ready."""
SET_ASIDE = (
    "n=0; for each in .venv venv env */.venv */venv node_modules */node_modules; do"
    ' case "$each" in *node_modules) is=$each ;; *) is=$each/pyvenv.cfg ;; esac;'
    ' if [ -e "$is" ] && [ ! -L "$each" ]; then n=$((n + 1)); mkdir -p /lab/kept;'
    ' mv "$each" /lab/kept/$n; ln -s /lab/kept/$n "$each"; fi; done'
)
"""The shell's line that moves installed packages and leaves links to them: thousands of files, of
which no variant needs a copy of its own."""


def completed_recipe(spec: AppSpec, copy: str, owner: str) -> str:
    """The Dockerfile of the layer, on the image that APP_IMAGE names.

    Args:
        copy: the app's folder in the builder's context.
        owner: user and group who serve, as numbers.
    """
    # What is built here has the label of its first image: each step takes seconds on some engines.
    label = [LABEL] if spec.dockerfile is None else []
    lines = ("ARG APP_IMAGE", "FROM ${APP_IMAGE}", *label)
    return "\n".join((*lines, *layer(spec, spec.folder.resolve(), copy, owner), ""))


def layer(spec: AppSpec, folder: Path, copy: str, owner: str) -> list[str]:
    """The instructions that complete an image.

    Args:
        folder: the one of the app's that is `copy` in the builder's context.
        copy: its path there.
        owner: user and group who serve, as numbers.
    """
    copies = (
        f"COPY --chown={owner} {json.dumps([source(copy, path, folder), target])}"
        for target, path in spec.mounts.files.items()
    )
    return [
        "USER 0:0",
        *copies,
        *([f"WORKDIR {json.dumps(spec.working_dir)[1:-1]}"] if spec.working_dir else []),
        f"RUN {shell('; '.join(ownership_lines(spec, owner)))}",
        *preparing_step(spec, owner),
    ]


def ownership_lines(spec: AppSpec, owner: str) -> Iterator[str]:
    """The shell's lines that give the user who serves what an app writes to, and let that user read
    what the image keeps elsewhere.
    """
    yield "set -e"
    if mounted := mounted_folders(spec):
        made = dict.fromkeys((*mounted, *spec.mounts.folders))
        yield f"mkdir -p {shlex.join(made)}"
        yield f"chown -R {owner} {shlex.join(mounted)}"
    top = f"{move_from_top()}; cd {MOVED}"
    yield f'own=1; case "$PWD" in /) {top} ;; {closed_in_shell()}) own= ;; esac'
    yield f'if [ -n "$own" ]; then {SET_ASIDE}; chown -R {owner} .; fi'
    yield 'each=$PWD; while [ "$each" != / ]; do chmod a+x "$each"; each=$(dirname "$each"); done'
    yield (
        "mkdir -p /lab; for each in /root /home/*;"
        ' do if [ -d "$each/.local" ]; then chmod a+x "$each";'
        f' ln -sfn "$each/.local" {USER_PACKAGES}; fi; done'
    )


def preparing_step(spec: AppSpec, owner: str) -> list[str]:
    """The step that makes its data ready, as the user who serves; what needs servers runs beside
    them.
    """
    if spec.prepare is None or not spec.stands_alone:
        return []
    variables = shlex.join(f"{name}={each}" for name, each in spec.environment.items())
    where = f'[ "$PWD" != / ] || cd {MOVED}'
    line = f"{where}; {PREPARES} {variables} sh -c {shlex.quote(spec.prepare)}"
    return [f"USER {owner}", f"RUN {shell(line)}"]


def shell(line: str) -> str:
    """The line for RUN, whatever shell the image names."""
    return json.dumps(["/bin/sh", "-c", line])


def source(copy: str, path: Path, folder: Path) -> str:
    """A path of the app as the builder knows it."""
    inner = path.relative_to(folder).as_posix()
    return copy if inner == "." else f"{copy}/{inner}"


def mounted_folders(spec: AppSpec) -> tuple[str, ...]:
    """The folders that its Compose file mounts; what lies below another is a part of that."""
    folders = {target for target, path in spec.mounts.files.items() if path.is_dir()}
    return outermost(folders | set(spec.mounts.folders))


def writable(spec: AppSpec) -> tuple[str, ...]:
    """The folders of its container that each variant has a copy of, which it may write to."""
    works_in = spec.image_facts.folder
    return outermost({*mounted_folders(spec), *([works_in] if works_in else [])})


def outermost(folders: set[str]) -> tuple[str, ...]:
    """The folders that lie below none of the others."""
    return tuple(
        sorted(
            folder
            for folder in folders
            if not any(folder.startswith(f"{other}/") for other in folders)
        )
    )
