"""What an image of a user app needs, for scripts/try, which builds it."""

import os
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from shutil import copyfile

from lab.app.compose_records import Build
from lab.app.container import (
    CONSTRAINTS,
    GUESS,
    HOMES,
    LOGS,
    MOST_RECIPE_BYTES,
    RECIPE,
    REQUIREMENTS,
    SOCKETS,
    recipe,
    requirements_texts,
)
from lab.app.container_companions import build_words as of_build
from lab.app.container_companions import companion_images
from lab.app.container_layer import RECIPE as COMPLETED_RECIPE
from lab.app.container_layer import completed_recipe
from lab.app.container_servers import server_images
from lab.app.services import image_name, source_image
from lab.app.spec import AppSpec
from lab.app.stand_in import StandInRecipe, pythons, stand_in_recipe
from lab.app.workdir import COPY
from lab.engines.choice import say
from lab.files import read_bytes
from lab.paths import MEMRAY_LOCK

STAND_IN_RECIPE = "stand-in.Dockerfile"


@dataclass(frozen=True, slots=True)
class ImagePlan:
    """How scripts/try comes to the image of an app."""

    python: str
    image: str
    recipe: str
    completed: str = ""
    """Its own image with one more layer; empty where there is none."""
    build: tuple[str, ...] = ()
    """The builder's options for a recipe of its own, and the context; empty where it has none."""
    index_url: str = ""
    """With names of variables of who runs the lab, which scripts/try fills in."""
    officials: tuple[str, ...] = ()
    """The official images that a recipe of its own begins from, which may not be had."""
    bases: Mapping[str, str] = field(default_factory=dict)
    """What its recipe on stand-ins begins from: the build's arguments, and what each is."""
    servers: tuple[str, ...] = ()
    """What it needs to have an image for each server beside the app, a word each."""
    companions: tuple[str, ...] = ()
    """The same of the other services of its Compose file, as lines for a shell."""

    def assignments(self) -> Iterator[str]:
        """The lines that give it to a shell."""
        yield f"own_python={shlex.quote(self.python)}"
        yield f"own_image={shlex.quote(self.image)}"
        yield f"own_recipe={self.recipe}"
        yield f"own_completed={shlex.quote(self.completed)}"
        yield f"own_build={shlex.quote(shlex.join(self.build))}"
        yield f"own_officials={shlex.quote(' '.join(self.officials))}"
        yield f"own_bases={shlex.quote(' '.join(self.bases))}"
        yield f"own_pythons={shlex.quote(' '.join(pythons(self.bases)))}"
        yield f"own_index={shlex.quote(self.index_url)}"
        yield f"own_servers={shlex.quote(' '.join(self.servers))}"
        yield from self.companions


def prepare(spec: AppSpec, work: Path) -> ImagePlan:
    """Write down in `work` what an image of the app needs.

    Raises:
        LabError: its requirements cannot be used.
    """
    if not spec.has_own_image:
        wanted, limits = requirements_texts(spec)
        (work / REQUIREMENTS).write_text(wanted, encoding="utf-8")
        (work / CONSTRAINTS).write_text(limits, encoding="utf-8")
        (work / RECIPE).write_text(recipe(spec), encoding="utf-8")
        copyfile(MEMRAY_LOCK, work / MEMRAY_LOCK.name)
    if spec.is_completed:
        owner = f"{os.getuid()}:{os.getgid()}"
        (work / COMPLETED_RECIPE).write_text(completed_recipe(spec, COPY, owner), encoding="utf-8")
    for each in spec.left_out:
        say(f"{spec.file}: compose: {each}")
    for name in (LOGS, SOCKETS, HOMES, GUESS):
        (work / name).mkdir(exist_ok=True)
    plan = ImagePlan(
        spec.python,
        source_image(spec),
        whose_recipe(spec),
        image_name(spec) if spec.is_completed else "",
        tuple(build_words(spec)),
        spec.index_url or "",
        servers=tuple(server_images(spec)),
        companions=(*companion_images(spec), *companions_on_stand_ins(spec, work)),
    )
    return with_stand_in(plan, spec, work)


def with_stand_in(plan: ImagePlan, spec: AppSpec, work: Path) -> ImagePlan:
    """The plan with its own recipe on stand-ins, for an engine that reaches no registry."""
    if spec.dockerfile is None:
        return plan
    build = replace(spec.build or Build(spec.folder, spec.dockerfile), dockerfile=spec.dockerfile)
    recipe = on_stand_ins(build, spec.python, work / STAND_IN_RECIPE)
    return plan if recipe is None else replace(plan, officials=recipe.officials, bases=recipe.bases)


def on_stand_ins(build: Build, python: str, file: Path) -> StandInRecipe | None:
    """The recipe of a build on stand-ins, which is written down; None where nothing stands in.

    Args:
        python: for a tag that names none.
        file: where it is written.
    """
    text = read_bytes(build.dockerfile, MOST_RECIPE_BYTES).decode("utf-8", "replace")
    recipe = stand_in_recipe(text, build.args, build.target, python)
    if recipe is not None:
        file.write_text(recipe.text, encoding="utf-8")
    return recipe


def companions_on_stand_ins(spec: AppSpec, work: Path) -> Iterator[str]:
    """The lines that tell a shell the same of each other service of its Compose file."""
    for number, each in enumerate(spec.companions, start=1):
        recipe = None
        if each.build is not None:
            file = work / f"companion-{number}.Dockerfile"
            recipe = on_stand_ins(each.build, spec.python, file)
        officials, bases = (recipe.officials, recipe.bases) if recipe else ((), {})
        name = f"own_companion_{number}"
        yield f"{name}_officials={shlex.quote(' '.join(officials))}"
        yield f"{name}_bases={shlex.quote(' '.join(bases))}"
        yield f"{name}_pythons={shlex.quote(' '.join(pythons(bases)))}"


def build_words(spec: AppSpec) -> Iterator[str]:
    """The options and the context of its own recipe; nothing without one."""
    if spec.dockerfile is None:
        return
    folder = Build(spec.folder, spec.dockerfile)
    yield from of_build(spec.build or folder)


def whose_recipe(spec: AppSpec) -> str:
    """Who says how its image is made: the lab, its own Dockerfile, or nobody."""
    if spec.image is not None:
        return "none"
    return "own" if spec.dockerfile is not None else "lab"
