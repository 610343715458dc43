"""What make doctor says of an engine, told by a client that only pretends to have one."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from support.paths import ROOT

SETTINGS = (ROOT / "scripts" / "shell" / "settings.sh").read_text(encoding="utf-8")
CLIENT = """#!/bin/sh
case "$1 $2" in
"image inspect") exit 1 ;;
"pull --quiet") [ "$#" = 3 ] && [ "$3" = "{pulls}" ] ;;
"version --format") echo 99.0 ;;
*) exit 0 ;;
esac
"""


def program(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")
    (folder / name).chmod(0o755)


def doctor(folder: Path, pulls: str) -> "subprocess.CompletedProcess[str]":
    program(folder, "docker", CLIENT.replace("{pulls}", pulls))
    return subprocess.run(
        [ROOT / "scripts" / "doctor"],
        env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "ENGINE": "docker"},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


@pytest.mark.parametrize(
    ("pulls", "said"),
    [("debian:12.11-slim", "answers: official images"), ("nothing", "does not answer: stand-ins")],
)
def test_a_registry_answers_when_the_base_can_be_pulled(
    tmp_path: Path, pulls: str, said: str
) -> None:
    (row,) = [
        line for line in doctor(tmp_path, pulls).stdout.splitlines() if line.startswith("registry")
    ]
    assert said in row


def hide_python(folder: Path) -> None:
    """As on a machine with Pythons that are too old, or without venv."""
    names = re.search(r"for name in (python3[^;]*);", SETTINGS)
    assert names is not None
    for name in names[1].split():
        program(folder, name, "#!/bin/sh\nexit 1\n")


def test_without_a_python_it_says_whether_dockers_way_is_open(tmp_path: Path) -> None:
    hide_python(tmp_path)
    ended = doctor(tmp_path, "nothing")

    first, second = ended.stderr.splitlines()
    assert (ended.returncode, ended.stdout) == (0, "")
    assert first.startswith("lab: no Python from 3.11 on with venv: install one")
    assert second.startswith("lab: Docker 99.0 and docker compose answer: make repro")


def test_without_a_python_and_an_engine_nothing_can_be_run(tmp_path: Path) -> None:
    hide_python(tmp_path)
    program(tmp_path, "docker", "#!/bin/sh\nexit 1\n")
    ended = subprocess.run(
        [ROOT / "scripts" / "doctor"],
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )

    assert ended.returncode == 3
    assert "no Docker Engine answers" in ended.stderr
