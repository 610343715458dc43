"""The environment of the lab itself: two commands that begin side by side make it once."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.paths import ROOT

PYTHON = """#!/bin/sh
case "$*" in
*"-m venv"*) mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
*"-m pip config"*) echo "$PIP_SETTINGS" ;;
*"-m pip"*) echo "pip ${*##* }" >> "$ASKED"; sleep 1 ;;
"- "* | -) cat > /dev/null ;;
*) exec "$REAL_PYTHON" "$@" ;;
esac
"""

UV = """#!/bin/sh
echo "uv ${*##* }" >> "$ASKED"
exit $UV_CODE
"""
LOCKS = "images/locks"


def clone_with_a_slow_index(folder: Path) -> dict[str, str]:
    """The variables of the script, in a folder with what it reads and an index that is slow."""
    shutil.copytree(ROOT / "scripts" / "shell", folder / "scripts" / "shell")
    (folder / "images" / "locks").mkdir(parents=True)
    for name in ("process", "driver"):
        (folder / "images" / "locks" / f"{name}.txt").write_text(f"{name}==1\n")
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "uv").write_text(UV)
    (folder / ".venv" / "bin" / "uv").chmod(0o755)
    (folder / "bin").mkdir()
    for name in ("python3", "python3.13", "python3.12", "python3.11"):
        (folder / "bin" / name).write_text(PYTHON)
        (folder / "bin" / name).chmod(0o755)
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    return {"PATH": path, "ASKED": str(folder / "asked"), "REAL_PYTHON": sys.executable}


def test_two_that_begin_side_by_side_install_once(tmp_path: Path) -> None:
    """Else the second one writes over a program that the first one runs already."""
    variables = clone_with_a_slow_index(tmp_path)
    both = [
        subprocess.Popen(
            [tmp_path / "scripts" / "shell" / "venv", "process"],
            env=variables,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = "".join(each.communicate(timeout=30)[1] for each in both)

    assert [each.returncode for each in both] == [0, 0], said
    assert (tmp_path / "asked").read_text().splitlines() == [f"pip {LOCKS}/process.txt"]
    assert said.count("installing images/locks/process.txt") == 1
    assert said.count("waiting for another command") == 1


def test_a_lock_that_cannot_be_opened_is_one_line(tmp_path: Path) -> None:
    variables = clone_with_a_slow_index(tmp_path)
    (tmp_path / ".environments" / "venv.lock").mkdir(parents=True)
    done = subprocess.run(
        [tmp_path / "scripts" / "shell" / "venv", "process"],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )

    assert done.returncode == 3
    assert (
        done.stderr == "lab: .environments/venv.lock cannot be opened (Is a directory): remove it\n"
    )
    assert not (tmp_path / "asked").exists()


@pytest.mark.parametrize(
    ("uv_code", "pip_settings", "asked"),
    [
        ("0", ":env:.cert='a.pem'", ["pip process", "uv driver"]),
        ("2", "", ["pip process", "uv driver", "pip driver"]),
        ("0", "global.index-url='https://index.example'", ["pip driver", "pip process"]),
    ],
)
def test_pip_installs_what_uv_cannot(
    tmp_path: Path, uv_code: str, pip_settings: str, asked: list[str]
) -> None:
    """Such as packages of an index that only pip's own settings name."""
    given = {"UV_CODE": uv_code, "PIP_SETTINGS": pip_settings}
    variables = {**clone_with_a_slow_index(tmp_path), **given}
    script = tmp_path / "scripts" / "shell" / "venv"
    for lock in ("driver", "process", "driver"):
        done = subprocess.run(
            [script, lock], env=variables, capture_output=True, text=True, check=False, timeout=30
        )
        assert done.returncode == 0, done.stderr

    found = (tmp_path / "asked").read_text().replace(f"{LOCKS}/", "").replace(".txt", "")
    assert found.splitlines() == asked
