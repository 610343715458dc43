"""The folder of the app: what is said where none is named, whatever command asked for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab.app.folder import app_folder, check_folder
from lab.errors import UsageError


def test_who_names_no_app_is_told_how_and_which_examples_there_are(tmp_path: Path) -> None:
    (tmp_path / "apps" / "examples" / "grows").mkdir(parents=True)
    (tmp_path / "apps" / "examples" / "grows" / "lab.toml").touch()

    with pytest.raises(UsageError) as said:
        app_folder({}, tmp_path)

    assert str(said.value) == (
        "no app is named: give APP=path/to/folder, or EXAMPLE=, one of grows"
    )


def test_an_unknown_example_is_refused_with_those_there_are_their_mended_ones_told_once(
    tmp_path: Path,
) -> None:
    for name in ("grows", "keeps"):
        folder = tmp_path / "apps" / "examples" / name
        folder.mkdir(parents=True)
        (folder / "lab.toml").touch()
        (folder / "mended.toml").touch()

    with pytest.raises(UsageError) as said:
        app_folder({"EXAMPLE": "shrinks"}, tmp_path)

    assert str(said.value) == (
        "EXAMPLE='shrinks' is unknown: choose one of grows, keeps; or a mended release, such as "
        "grows/mended"
    )


def test_a_path_that_is_no_folder_is_refused_with_what_stands_there(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    for name, fault in (("gone", "not there"), ("file", "a file")):
        with pytest.raises(UsageError) as said:
            check_folder(tmp_path / name, Path(name))

        assert str(said.value) == (
            f"APP={name}: {tmp_path / name} is {fault}: give the folder that holds the app"
        )
