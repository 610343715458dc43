"""The step of an app's image that installs packages, as a shell runs it."""

import os
import subprocess
from pathlib import Path

import pytest
from lab.app.container import PIP_LOG, pip_install

PIP = """#!/bin/sh
echo "$PIP_CONSTRAINT" >> "$BOX/calls"
[ -n "$PIP_CONSTRAINT" ] && exit 0
echo "$SAYS"
exit "$STATUS"
"""


def installed(box: Path, status: int, says: str) -> tuple[int, list[str]]:
    """The step's status, and the constraints of each call of pip."""
    pip = box / "python3"
    pip.write_text(PIP, encoding="utf-8")
    pip.chmod(0o755)
    step = pip_install().removeprefix("RUN ").replace("/lab/", f"{box}/")
    step = step.replace(PIP_LOG, f"{box}/pip.log")
    path = f"{box}:{os.environ['PATH']}"
    given = {"PATH": path, "BOX": str(box), "STATUS": str(status), "SAYS": says}
    done = subprocess.run(["sh", "-c", step], env=given, check=False, capture_output=True)
    assert (box / "pip.log").exists() is (done.returncode != 0)
    return done.returncode, (box / "calls").read_text(encoding="utf-8").split("\n")[:-1]


@pytest.mark.parametrize(
    ("status", "says", "ends", "calls"),
    [
        (0, "use_2to3", 0, [""]),
        (1, "error in jsmin setup command: use_2to3 is invalid", 0, ["", "tools.txt"]),
        (1, "ERROR: No matching distribution found for jsmin==9", 1, [""]),
    ],
)
def test_what_todays_tools_refuse_is_built_with_older_ones(
    tmp_path: Path, status: int, says: str, ends: int, calls: list[str]
) -> None:
    ended, constraints = installed(tmp_path, status, says)
    assert (ended, [each.rpartition("/")[2] for each in constraints]) == (ends, calls)
    if "tools.txt" in calls:
        lines = (tmp_path / "tools.txt").read_text(encoding="utf-8").splitlines()
        assert lines[0] == "setuptools<58 ; python_version < '3.12'"
