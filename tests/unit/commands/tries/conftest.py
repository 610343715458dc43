"""What tests of the tries share."""

from pathlib import Path

import pytest


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def app(work: Path) -> Path:
    """The copy; it is mounted at the path of the original, too."""
    folder = work / "app"
    folder.mkdir()
    return folder
