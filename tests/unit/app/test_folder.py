"""The folder of the app: what is said where none is named, whatever command asked for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab.app.folder import app_folder
from lab.errors import UsageError


def test_who_names_no_app_is_told_how_and_which_examples_there_are(tmp_path: Path) -> None:
    (tmp_path / "apps" / "examples" / "grows").mkdir(parents=True)
    (tmp_path / "apps" / "examples" / "grows" / "lab.toml").touch()

    with pytest.raises(UsageError) as said:
        app_folder({}, tmp_path)

    assert str(said.value) == (
        "no app is named: give APP=path/to/folder, or EXAMPLE=, one of grows"
    )
