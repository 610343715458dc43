"""The app of a bundle: what served it is known in there, too."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lab.app.spec_file import read_spec
from lab.commands.app_runs.input import with_command
from lab.commands.app_runs.source import keep_source, kept_source
from lab.commands.sharing.bundle_app import BundledApp, bundled
from lab.commands.sharing.bundle_project import project_files
from lab.records.experiment import Experiment
from lab.share.redaction import PrivateWords, Redactor
from lab.store.run_folder import RunFolder
from support.quoted_runs import TRY_RUN, copy_raw

SERVED = "python -m shop '$HOME files'"


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return copy_raw(TRY_RUN, tmp_path / "results")


def in_bundle(folder: RunFolder, work: Path, text: str, served: str | None) -> BundledApp:
    """The app of a Dockerfile, kept with the run after `served` served it."""
    app = work / "shop"
    app.mkdir()
    (app / "lab.toml").write_text(text, encoding="utf-8")
    (app / "Dockerfile").write_text("FROM python:3.12\n", encoding="utf-8")
    spec = read_spec(app)
    keep_source(replace(spec, command=served or spec.command), folder)
    kept = kept_source(folder)
    assert kept is not None
    return bundled(kept, Redactor(PrivateWords(homes=("/home/somebody",))), None, work / "read")


def services(app: BundledApp, experiment: Experiment) -> dict[str, Any]:
    files = project_files(experiment, {}, app.spec, app.folder)
    document: dict[str, dict[str, Any]] = json.loads(files["compose.yaml"].content)
    return document["services"]


def test_a_command_of_an_image_alone_is_run_again_from_the_bundle(
    folder: RunFolder, tmp_path: Path
) -> None:
    app = in_bundle(folder, tmp_path, 'dockerfile = "Dockerfile"\n', SERVED)

    project_services = services(app, folder.read_experiment())

    assert project_services["own-shop"]["command"] == ["sh", "-c", SERVED.replace("$", "$$")]
    image_command = project_services["driver"]["environment"]["LAB_IMAGE_COMMAND"].replace(
        "$$", "$"
    )
    bare = read_spec(tmp_path / "read" / app.folder)
    assert with_command(bare, {"LAB_IMAGE_COMMAND": image_command}).command == SERVED


def test_the_command_of_an_image_is_redacted(folder: RunFolder, tmp_path: Path) -> None:
    text = 'dockerfile = "Dockerfile"\n'

    app = in_bundle(folder, tmp_path, text, "python /home/somebody/app.py")

    assert app.spec.command is not None
    assert "somebody" not in app.spec.command


def test_a_command_of_the_description_comes_before_the_one_that_served(
    folder: RunFolder, tmp_path: Path
) -> None:
    text = 'dockerfile = "Dockerfile"\ncommand = "echo \'not closed"\n'

    app = in_bundle(folder, tmp_path, text, "python guessed.py")

    project_services = services(app, folder.read_experiment())
    assert app.spec.command == "echo 'not closed"
    assert project_services["driver"]["environment"]["LAB_IMAGE_COMMAND"] == ""


def test_an_app_of_requirements_has_no_command_of_an_image(
    folder: RunFolder, tmp_path: Path
) -> None:
    text = 'requirements = ["flask"]\ncommand = "python app.py"\n'

    app = in_bundle(folder, tmp_path, text, None)

    assert (
        services(app, folder.read_experiment())["driver"]["environment"]["LAB_IMAGE_COMMAND"] == ""
    )
