"""Apps that go bad under load, for real: the trial ends, and it is told."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.bad_app import bad_app
from support.lab_commands import END_SECONDS, ROOT
from support.marks import needs_processes

FAULTS = {
    "hangs": ("stopped answering", 3),
    "ends": ("died", 3),
    "fails": ("status-500", 3),
    "fills": ("memory limit", 3),
}
pytestmark = needs_processes


@pytest.fixture
def results(tmp_path: Path) -> Path:
    for each in (tmp_path, *tmp_path.parents[:2]):
        each.chmod(0o755)
    (tmp_path / "results").mkdir(mode=0o777)
    (tmp_path / "results").chmod(0o777)
    return tmp_path / "results"


@pytest.mark.parametrize("mode", FAULTS)
def test_an_app_that_goes_bad_ends_its_trial_and_is_told(
    results: Path, tmp_path: Path, mode: str
) -> None:
    app = bad_app(tmp_path / "goes-bad", mode)
    settings = {"APP": str(app), "ENGINE": "process", "RESULTS": str(results)}
    done = subprocess.run(
        [ROOT / "scripts" / "try"],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=END_SECONDS,
        check=False,
    )
    said, code = FAULTS[mode]
    printed = done.stdout + done.stderr

    assert done.returncode == code, printed
    assert "Traceback" not in printed
    (run,) = results.glob("2*")
    text = (run / "samples" / "own-goes-bad" / "1.jsonl").read_text(encoding="utf-8")
    raw = [json.loads(line) for line in text.splitlines()]
    assert sum(each.get("ok", 0) for each in of("block", raw)) >= 50
    summary = (run / "summary.json").read_text(encoding="utf-8")
    assert said in summary
    assert said in (run / "report.md").read_text(encoding="utf-8")


def of(kind: str, raw: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for each in raw if each["record"] == kind]
