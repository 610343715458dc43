"""What tests of the sharing share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.commands.sharing.bundle_parts import parts_of
from support.planted import planted_run
from support.verified_bundles import Files, without_driver


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Files]:
    """The files of a bundle of a user app."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        folder = planted_run(tmp_path_factory.mktemp("planted"), monkeypatch)
        yield dict(parts_of(folder, {}).files)


@pytest.fixture(scope="module")
def made(whole: Files) -> Files:
    return without_driver(whole)


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which nothing but the bundle may appear."""
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    monkeypatch.setenv("RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("TMPDIR", str(inside))
    monkeypatch.setenv("BUNDLE", str(inside / "x.zip"))
    monkeypatch.setenv("ENGINE", "process")
    monkeypatch.setattr("tempfile.tempdir", None)
    return inside
