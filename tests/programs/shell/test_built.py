"""An image that was built of what is here is not built again; of anything else it is."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from support.paths import ROOT

DOCKER = """#!/bin/sh
shift 4
for name; do [ -e "ids/$name" ] && cat "ids/$name" || failed=1; done
[ -z "${failed:-}" ]
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone with an engine that knows an image and its base."""
    for name in ("apps", "images", "scripts", "ids", "bin"):
        (tmp_path / name).mkdir()
    (tmp_path / "scripts" / "shell").symlink_to(ROOT / "scripts" / "shell")
    (tmp_path / "compose.yaml").write_text("services: {}\n", encoding="utf-8")
    (tmp_path / "apps" / "app.py").write_text("one\n", encoding="utf-8")
    docker = tmp_path / "bin" / "docker"
    docker.write_text(DOCKER, encoding="utf-8")
    docker.chmod(0o755)
    (tmp_path / "ids" / "memlab-gate").write_text("sha256:1\n", encoding="utf-8")
    (tmp_path / "ids" / "base").write_text("sha256:2\n", encoding="utf-8")
    assert says(clone=tmp_path, line="note_built memlab-gate base") == ""
    return tmp_path


def says(clone: Path, line: str) -> str:
    done = subprocess.run(
        ["sh", "-euc", f". scripts/shell/containers.sh; {line}"],
        cwd=clone,
        env={"PATH": f"{clone / 'bin'}:{os.environ['PATH']}", "HOME": "/nowhere"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout + done.stderr


ASKED = "is_built memlab-gate base && echo built || echo anew"


def test_what_was_built_of_the_same_is_built(clone: Path) -> None:
    assert says(clone, ASKED) == "built\n"


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("apps/app.py", "two\n"),
        ("images/new.Dockerfile", "FROM x\n"),
        ("compose.yaml", "services: {one: {}}\n"),
        ("ids/memlab-gate", "sha256:3\n"),
        ("ids/base", "sha256:3\n"),
    ],
)
def test_another_file_image_or_base_is_built_anew(clone: Path, file: str, text: str) -> None:
    (clone / file).write_text(text, encoding="utf-8")

    assert says(clone, ASKED) == "anew\n"


@pytest.mark.parametrize("gone", ["memlab-gate", "base"])
def test_an_image_or_a_base_that_is_gone_is_built_anew(clone: Path, gone: str) -> None:
    (clone / "ids" / gone).unlink()

    assert says(clone, ASKED) == "anew\n"


def test_where_nothing_can_be_written_it_is_built_again(clone: Path) -> None:
    (clone / ".environments" / "built" / "memlab-gate").unlink()
    (clone / ".environments" / "built").rmdir()
    (clone / ".environments" / "built").touch()

    assert says(clone, "note_built memlab-gate base") == ""
    assert says(clone, ASKED) == "anew\n"
