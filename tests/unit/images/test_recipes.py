"""The Dockerfiles: few instructions, as each costs a walk over all files of an image."""

import re
from pathlib import Path

import pytest
from support.paths import ROOT

RECIPES = sorted((ROOT / "images").glob("*.Dockerfile"))
INSTRUCTION = re.compile(r"^([A-Z]+) ", re.MULTILINE)
WRITES = ("COPY", "RUN")
SAID_IN_COMPOSE = {"USER", "WORKDIR"}


def steps(recipe: Path) -> list[str]:
    """The instructions of its first stage, in their order."""
    stage = recipe.read_text(encoding="utf-8").split("\nFROM ")[1]
    return INSTRUCTION.findall(stage)


def test_there_are_recipes() -> None:
    assert {"driver.Dockerfile", "gate.Dockerfile", "variant.Dockerfile"} <= {
        recipe.name for recipe in RECIPES
    }


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.name)
def test_user_and_folder_are_named_in_compose_yaml(recipe: Path) -> None:
    assert not SAID_IN_COMPOSE & set(steps(recipe))


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.name)
def test_metadata_comes_before_what_adds_files_and_once_of_each_kind(recipe: Path) -> None:
    metadata = [step for step in steps(recipe) if step not in WRITES]

    assert steps(recipe)[: len(metadata)] == metadata
    assert len(metadata) == len(set(metadata))
