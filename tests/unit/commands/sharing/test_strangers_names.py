"""Names of a stranger's run for its app and its folder: none is a pattern, or leads elsewhere."""

import os
from pathlib import Path

import pytest
from lab.commands.sharing.bundle_parts import newest_search
from lab.commands.sharing.private import private_here

PAGE = "bisect.md"


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A results folder with one search of the app `shop`; a page lies outside of it."""
    for folder in ("results/1-bisect-shop", "results/1-bisect-b", "private"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / PAGE).write_text(folder, encoding="utf-8")
    (tmp_path / PAGE).write_text("outside", encoding="utf-8")
    return tmp_path / "results"


@pytest.mark.parametrize(
    "app",
    [
        *("a**b", "**", "**/**", "*", "sho?", "[a-z]hop", "[", "shop/..", "x/../..", "../private"),
        *("shop/../../private", "/etc", "", ".", "..", "a\0b", "\udcff", "a\nb", "x" * 5000),
    ],
)
def test_only_the_apps_own_search_is_taken(results: Path, app: str) -> None:
    assert newest_search(results, app, PAGE) is None


def test_a_search_that_cannot_be_read_is_left_out(results: Path) -> None:
    for number, plant in enumerate((os.mkfifo, Path.mkdir, lambda path: path.symlink_to(PAGE))):
        folder = results / f"{number + 2}-bisect-shop"
        folder.mkdir()
        plant(folder / PAGE)
    (results / "9-bisect-shop").symlink_to("../private")

    assert newest_search(results, "shop", PAGE) == b"results/1-bisect-shop"


@pytest.mark.parametrize("folder", ["a\0b", "\udcff", "x" * 5000, "/proc/self/mem", "/dev/zero"])
def test_a_folder_that_is_none_has_no_secrets(folder: str) -> None:
    assert private_here(Path(folder)) == private_here(None)
