"""Names of a stranger's run for its app and its folder: none is a pattern, or leads elsewhere."""

import os
import shlex
from pathlib import Path
from types import SimpleNamespace

import pytest
from lab.commands.sharing.bundle import tell_next
from lab.commands.sharing.bundle_parts import newest_search
from lab.commands.sharing.private import private_here
from lab.commands.terminal import new_console

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


@pytest.mark.parametrize("name", ["$(touch x)", "a;b", "`id`", "a b", "it's"])
def test_what_is_to_be_typed_next_runs_nothing_of_a_name(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = SimpleNamespace(open_variants=(), tracker="")
    tell_next(new_console(), parts, Path("results") / f"{name}.zip")  # type: ignore[arg-type]

    line = capsys.readouterr().out.splitlines()[-1].partition("make ")[2]
    assert shlex.split(line) == ["verify", f"BUNDLE=results/{name}.zip"]
    assert shlex.quote(f"results/{name}.zip") in line
