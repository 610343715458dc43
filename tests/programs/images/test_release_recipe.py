"""The step that moves one package of an image to its newest release, as a shell runs it."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from lab.commands.tries.release_image import recipe

PYTHON = """#!/bin/sh
case "$*" in
"-m pip --version") [ -e "$0.pip" ] ;;
"-m ensurepip") [ -e "$0.ensures" ] && touch "$0.pip" ;;
"-m pip show --quiet ujson") [ -e "$0.ujson" ] ;;
"-m pip show ujson") echo "Version: $(cat "$0.ujson")" ;;
"-m pip download"*) [ ! -e "$0.offline" ] || { echo "ERROR: no index"; exit 1; } ;;
"-m pip check") cat "$0.broken" 2> /dev/null ;;
"-m pip install"*) echo 5.10.0 > "$0.ujson" && cp "$0.breaks" "$0.broken" 2> /dev/null || : ;;
*) exit 9 ;;
esac
"""


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """The folder of the image's programs: two interpreters, one with pip and one without."""
    for name in ("python3", "python"):
        (tmp_path / name).write_text(PYTHON, encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "python3.pip").touch()
    (tmp_path / "python.ensures").touch()
    return tmp_path


def built(box: Path) -> subprocess.CompletedProcess[str]:
    """The step of the recipe, with the lab's and the temporary folder in the box."""
    step = next(line for line in recipe("ujson").splitlines() if line.startswith("RUN "))
    words = [
        word.replace("/lab", f"{box}/lab").replace("/tmp/before", f"{box}/before")
        for word in json.loads(step.removeprefix("RUN "))
    ]
    path = {"PATH": f"{box}:{os.environ['PATH']}"}
    return subprocess.run(words, env=path, check=False, capture_output=True, text=True)


@pytest.mark.parametrize("owner", ["python3", "python"])
def test_the_interpreter_that_has_the_package_gets_its_newest_release(
    box: Path, owner: str
) -> None:
    (box / f"{owner}.ujson").write_text("5.3.0\n", encoding="utf-8")

    done = built(box)

    assert (done.returncode, done.stderr) == (0, "")
    assert (box / "lab" / "release.txt").read_text(encoding="utf-8") == "5.10.0\n"


def test_an_image_without_the_package_is_one_line(box: Path) -> None:
    done = built(box)

    assert done.returncode == 1
    assert done.stdout == "ERROR: no Python of the image has pip and ujson\n"


def test_without_an_index_what_is_installed_is_not_called_the_newest(box: Path) -> None:
    (box / "python3.ujson").write_text("5.3.0\n", encoding="utf-8")
    (box / "python3.offline").touch()

    done = built(box)

    assert (done.returncode, done.stdout) == (1, "ERROR: no index\n")


def test_a_release_that_breaks_another_package_is_refused(box: Path) -> None:
    (box / "python3.ujson").write_text("5.3.0\n", encoding="utf-8")
    (box / "python3.breaks").write_text("shop 1 has requirement ujson<5.4\n", encoding="utf-8")

    done = built(box)

    assert done.returncode == 1
    assert done.stdout.endswith("ERROR: it does not install beside shop\n")
    assert not (box / "lab" / "release.txt").exists()
