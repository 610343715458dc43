"""Apps that go bad under load, for real: the trial ends, and it is told."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.lab_commands import ROOT

APP = """
import os
import time
from wsgiref.simple_server import WSGIRequestHandler, make_server

MODE, GOOD = os.environ["MODE"], 200
served = 0


def app(environ, start_response):
    global served
    served += 1
    status, body = "200 OK", [b"ok"]
    if served > GOOD and MODE == "hangs":
        time.sleep(3600)
    if served > GOOD and MODE == "ends":
        os._exit(7)
    if served > GOOD and MODE == "fails":
        status, body = "500 Internal Server Error", [b"no"]
    if served > GOOD and MODE == "fills":
        KEPT.append(b"x" * 100_000_000)
    start_response(status, [("Content-Type", "text/plain")])
    return body


KEPT = []


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


make_server(os.environ["HOST"], int(os.environ["PORT"]), app, handler_class=Quiet).serve_forever()
"""
DESCRIPTION = """
command = "python app.py"
count = 400
concurrency = 2
memory = "256m"
probes = false
environment = {{ MODE = "{mode}" }}
"""
FAULTS = {
    "hangs": ("stopped answering", 3),
    "ends": ("died", 3),
    "fails": ("status-500", 3),
    "fills": ("memory limit", 3),
}
pytestmark = pytest.mark.skipif(
    not Path("/proc/self/smaps_rollup").exists(), reason="LOCAL PROCESSES ARE TESTED ON LINUX ONLY"
)


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "goes-bad"
    folder.mkdir()
    (folder / "app.py").write_text(APP, encoding="utf-8")
    for each in (tmp_path, *tmp_path.parents[:2]):
        each.chmod(0o755)
    (tmp_path / "results").mkdir(mode=0o777)
    (tmp_path / "results").chmod(0o777)
    return folder


@pytest.mark.parametrize("mode", FAULTS)
def test_an_app_that_goes_bad_ends_its_trial_and_is_told(
    app: Path, tmp_path: Path, mode: str
) -> None:
    (app / "lab.toml").write_text(DESCRIPTION.format(mode=mode), encoding="utf-8")
    settings = {
        **{"APP": str(app), "ENGINE": "process", "RESULTS": str(tmp_path / "results")},
    }
    done = subprocess.run(
        [ROOT / "scripts" / "try"],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=420,
        check=False,
    )
    said, code = FAULTS[mode]
    printed = done.stdout + done.stderr

    assert done.returncode == code, printed
    assert "Traceback" not in printed
    (run,) = (tmp_path / "results").glob("2*")
    text = (run / "samples" / "own-goes-bad" / "1.jsonl").read_text(encoding="utf-8")
    raw = [json.loads(line) for line in text.splitlines()]
    assert sum(each.get("ok", 0) for each in of("block", raw)) >= 50
    summary = (run / "summary.json").read_text(encoding="utf-8")
    assert said in summary
    assert said in (run / "report.md").read_text(encoding="utf-8")


def of(kind: str, raw: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for each in raw if each["record"] == kind]
