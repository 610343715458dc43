"""Commands on a Python of their own, which has the standard library alone."""

import os
import re
import subprocess
import sys

import pytest
from lab.commands.table import COMMANDS
from support.paths import ROOT

BARE = [entry.name for entry in COMMANDS if not entry.needs_packages]


def lab(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """`python -m lab` on a Python that has the standard library alone."""
    bare = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "scripts")}
    return subprocess.run(
        [sys.executable, "-S", "-B", "-m", "lab", *words],
        env={**bare, **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_help_lists_every_command_and_loads_none() -> None:
    printed = lab("--help")

    assert (printed.returncode, printed.stderr) == (0, "")
    words = " ".join(printed.stdout.split())
    assert [entry.name for entry in COMMANDS if f"{entry.name} {entry.help}" not in words] == []


@pytest.mark.parametrize("name", BARE)
def test_a_command_without_packages_is_loaded_by_the_standard_library(name: str) -> None:
    ended = lab(name, "--help")

    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith(f"usage: lab {name}")


@pytest.mark.parametrize("name", ["init", "check-settings", "check-app", "settings", "keys"])
def test_it_runs_there_too(name: str) -> None:
    """Without an app the answer is one line that asks for one."""
    ended = lab(name)

    assert ended.returncode in (0, 64), ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("name", [entry.name for entry in COMMANDS if entry.needs_packages])
def test_a_command_whose_packages_are_missing_says_so_in_one_line(name: str) -> None:
    ended = lab(name)

    assert ended.returncode == 3
    assert re.fullmatch(
        rf"lab: `lab {name}` needs the package \w+, which this Python does not have: .*\n",
        ended.stderr,
    )


def test_the_settings_are_checked_without_packages() -> None:
    ended = lab("check-settings", WORKERS="0")

    assert (ended.returncode, ended.stderr.count("\n")) == (64, 1)
    assert ended.stderr.startswith("lab: WORKERS='0' ")
