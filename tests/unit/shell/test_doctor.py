"""What make doctor says of an engine, told by a client that only pretends to have one."""

import os
import subprocess
from pathlib import Path

import pytest
from support.paths import ROOT

CLIENT = """#!/bin/sh
case "$1 $2" in
"image inspect") exit 1 ;;
"pull --quiet") [ "$#" = 3 ] && [ "$3" = "{pulls}" ] ;;
"version --format") echo 99.0 ;;
*) exit 0 ;;
esac
"""


def doctor(folder: Path, pulls: str) -> str:
    client = folder / "docker"
    client.write_text(CLIENT.replace("{pulls}", pulls), encoding="utf-8")
    client.chmod(0o755)
    done = subprocess.run(
        [ROOT / "scripts" / "doctor"],
        env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "ENGINE": "docker"},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    return done.stdout


@pytest.mark.parametrize(
    ("pulls", "said"),
    [("debian:12.11-slim", "answers: official images"), ("nothing", "does not answer: stand-ins")],
)
def test_a_registry_answers_when_the_base_can_be_pulled(
    tmp_path: Path, pulls: str, said: str
) -> None:
    (row,) = [line for line in doctor(tmp_path, pulls).splitlines() if line.startswith("registry")]
    assert said in row
