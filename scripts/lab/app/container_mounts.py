"""An app's own image with what its Compose file mounts into it, as one more layer.

A bind mount of the project would give all variants one folder of the host to write to. In the image
each variant has a copy of its own, and none of them sees the project itself.
"""

import json
import shlex
from pathlib import Path

from lab.app.spec import AppSpec

RECIPE = "mounted.Dockerfile"


def mounted_recipe(spec: AppSpec, copy: str, owner: str) -> str:
    """The Dockerfile of the layer, on the image that APP_IMAGE names.

    Args:
        copy: the app's folder in the builder's context.
        owner: user and group who serve, as numbers.
    """
    lines = ("ARG APP_IMAGE", "FROM ${APP_IMAGE}")
    return "\n".join((*lines, *layer(spec, spec.folder.resolve(), copy, owner), ""))


def layer(spec: AppSpec, folder: Path, copy: str, owner: str) -> list[str]:
    """The instructions that complete an image.

    Args:
        folder: the one of the app's that is `copy` in the builder's context.
        copy: its path there.
        owner: user and group who serve, as numbers.
    """
    owned, made = shlex.join(writable(spec)), (*writable(spec), *spec.mounts.folders)
    copies = (
        f"COPY --chown={owner} {json.dumps([source(copy, path, folder), target])}"
        for target, path in spec.mounts.files.items()
    )
    own = f"RUN mkdir -p {shlex.join(dict.fromkeys(made))} && chown -R {owner} {owned}"
    return [
        "LABEL memlab=image",
        "USER 0:0",
        *copies,
        *([own] if owned else []),
        f"USER {owner}",
    ]


def source(copy: str, path: Path, folder: Path) -> str:
    """A path of the app as the builder knows it."""
    inner = path.relative_to(folder).as_posix()
    return copy if inner == "." else f"{copy}/{inner}"


def writable(spec: AppSpec) -> tuple[str, ...]:
    """The folders of its container that each variant has a copy of, which it may write to.

    What lies below another one of them is a part of that.
    """
    places = {target for target, path in spec.mounts.files.items() if path.is_dir()}
    places |= set(spec.mounts.folders)
    return tuple(
        sorted(
            place for place in places if not any(place.startswith(f"{other}/") for other in places)
        )
    )
