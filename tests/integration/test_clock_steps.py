"""A clock that is set by an hour while an app is measured: driver, supervisor and app see it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from support.lab_commands import END_SECONDS, ROOT
from support.marks import needs_processes
from support.polling import wait_until
from support.stepped_clock import SteppedClock

HOUR = 3600
APP = """
import os
import time
from wsgiref.simple_server import WSGIRequestHandler, make_server

BEGAN = time.time() - time.monotonic()


def app(environ, start_response):
    moved = time.time() - time.monotonic() - BEGAN
    if abs(moved) > 60:
        with open(os.environ["WITNESS"], "w") as file:
            file.write(str(moved))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok"]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


make_server(os.environ["HOST"], int(os.environ["PORT"]), app, handler_class=Quiet).serve_forever()
"""
DESCRIPTION = """
command = "python app.py"
count = 400
concurrency = 2

[environment]
WITNESS = "{witness}"
"""
pytestmark = needs_processes


def app_that_looks_at_the_clock(folder: Path, clock: SteppedClock, witness: Path) -> Path:
    folder.mkdir()
    (folder / "app.py").write_text(APP, encoding="utf-8")
    lines = [f'{name} = "{value}"' for name, value in clock.environment.items()]
    text = DESCRIPTION.format(witness=witness) + "\n".join(lines) + "\n"
    (folder / "lab.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("step_seconds", [HOUR, -HOUR])
def test_a_clock_that_is_set_by_an_hour_is_seen_by_all_and_spoils_nothing(
    tmp_path: Path, step_seconds: int
) -> None:
    clock, witness = SteppedClock(tmp_path), tmp_path / "witness"
    app = app_that_looks_at_the_clock(tmp_path / "app", clock, witness)
    results = tmp_path / "results"
    settings = {"APP": str(app), "ENGINE": "process", "RESULTS": str(results)}
    process = subprocess.Popen(
        [ROOT / "scripts" / "try"],
        env={**os.environ, **settings, **clock.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        wait_until(lambda: blocks(results) >= 3 or process.poll() is not None, END_SECONDS)
        clock.set(step_seconds)
        printed, _ = process.communicate(timeout=END_SECONDS)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    assert process.returncode == 0, printed
    assert abs(float(witness.read_text(encoding="utf-8")) - step_seconds) < 60
    assert any(" -m lab try" in words for words in clock.programs())
    (run,) = results.glob("2*")
    summary = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    measured = summary["variants"][0]
    assert measured["verdict"] in ("flat", "bounded")
    assert 0 < measured["elapsed_seconds"] < END_SECONDS
    assert 0 < summary["run"]["elapsed_seconds"] < END_SECONDS
    assert [trial["end"] for trial in measured["trials"]] == ["complete"]
    assert "gap" not in json.dumps(measured["caveats"])
    assert not measured["workers_lost"]
    moments = [each["read_at_seconds"] for each in records(run) if "read_at_seconds" in each]
    assert all(-1 <= later - earlier < 60 for earlier, later in pairwise(moments))


def blocks(results: Path) -> int:
    files = results.glob("2*/samples/own-app/1.jsonl")
    return sum(file.read_text(encoding="utf-8").count('"record":"block"') for file in files)


def records(run: Path) -> list[dict[str, Any]]:
    text = (run / "samples" / "own-app" / "1.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]
