"""What a Python of its own has loaded for a command, and what it has not."""

import os
import subprocess
import sys
from pathlib import Path

from support.paths import ROOT
from support.quoted_runs import TRY_RUN, copy_raw

REPORT = """
import runpy, sys
sys.argv = ["lab", "report"]
try:
    runpy.run_module("lab", run_name="__main__")
except SystemExit as ended:
    assert ended.code == 0, ended.code
found = {"docker", "requests", "uvloop", "lab.engines", "lab.measure.scheduler"} & set(sys.modules)
assert not found, found
"""
PROCESSES = "import sys, lab.engines.choice, lab.engines.process.engine; print(*sys.modules)"


def python(code: str, **given: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-B", "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT / "scripts"), **given},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_report_needs_no_engine(tmp_path: Path) -> None:
    folder = copy_raw(TRY_RUN, tmp_path / "results")
    ended = python(REPORT, RESULTS=str(folder.path.parent), RUN=folder.id)

    assert (ended.returncode, ended.stderr) == (0, "")
    assert f"results/{folder.id}/report.html" in ended.stdout


def test_local_processes_need_no_client_of_containers() -> None:
    ended = python(PROCESSES)

    assert (ended.returncode, ended.stderr) == (0, "")
    assert "lab.engines.process.engine" in ended.stdout.split()
    assert "docker" not in ended.stdout.split()
