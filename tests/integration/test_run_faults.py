"""Faults of a real run on Docker: deaths of what takes part in it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from support.bad_app import bad_app
from support.lab_commands import END_SECONDS, Lab, docker
from support.small_runs import TINY, assert_whole, summary_of, variant

pytestmark = pytest.mark.engine


def test_a_dying_container_ends_its_variant_and_no_other(lab: Lab) -> None:
    process = lab.start_repro(VARIANTS="py310-flask py39-flask", **TINY)
    lab.wait_for_blocks(process, "py39-flask", 1)
    docker("kill", lab.container("py39-flask"))
    printed, _ = process.communicate(timeout=END_SECONDS)
    summary = summary_of(lab)
    dead, alive = variant(summary, "py39-flask"), variant(summary, "py310-flask")
    assert process.returncode == 3, printed
    assert dead["verdict"] == "inconclusive"
    assert dead["trials"][0]["end"] == "died"
    assert any("gunicorn" in line for line in dead["trials"][0]["log_tail"])
    assert_whole(alive["trials"][0])
    assert alive["trials"][0]["end"] == "complete"
    assert lab.left_behind() == []


def test_a_killed_driver_leaves_nothing_but_its_files_and_a_report(lab: Lab) -> None:
    process = lab.start_repro(VARIANTS="py310-flask", REQUESTS="800", CONCURRENCY="4")
    lab.wait_for_blocks(process, "py310-flask", 2)
    docker("kill", "--signal", "KILL", lab.container("driver"))
    printed, _ = process.communicate(timeout=END_SECONDS)
    summary = summary_of(lab)

    assert process.returncode == 3, printed
    assert "the driver was killed (exit code 137)" in printed
    assert summary["run"]["partial"] is True
    assert variant(summary, "py310-flask")["trials"][0]["end"] == "cut off"
    assert lab.left_behind() == []


def test_a_gate_that_dies_is_started_again_and_no_trial_is_lost(lab: Lab) -> None:
    process = lab.start_repro(VARIANTS="py310-flask", REQUESTS="800", CONCURRENCY="4")
    lab.wait_for_blocks(process, "py310-flask", 2)
    # From outside of the engine: what it is told to kill it does not start again.
    pid = docker("inspect", "--format", "{{.State.Pid}}", lab.container("gate"))
    if not Path(f"/proc/{pid}/status").exists():
        pytest.skip("THE ENGINE'S PROCESSES ARE NOT SEEN FROM HERE: no gate was killed")
    os.kill(int(pid), signal.SIGKILL)
    printed, _ = process.communicate(timeout=END_SECONDS)

    assert process.returncode in (0, 2), printed
    assert variant(summary_of(lab), "py310-flask")["trials"][0]["end"] == "complete"
    assert lab.left_behind() == []


def test_an_app_whose_answers_have_no_end_ends_its_trial(lab: Lab, tmp_path: Path) -> None:
    done = lab.try_app(bad_app(tmp_path / "bad", "endless", good=20, count=16))
    printed = done.stdout + done.stderr

    assert done.returncode == 3, printed
    assert "Traceback" not in printed
    assert variant(summary_of(lab), "own-bad")["trials"][0]["end"] == "no requests served"
    assert "too-large x 2: an answer without an end" in " ".join(printed.split())
    assert lab.left_behind() == []


def test_what_a_killed_script_left_goes_with_the_next_run(lab: Lab) -> None:
    process = lab.start_repro(VARIANTS="py310-flask", REQUESTS="800", CONCURRENCY="4")
    lab.wait_for_blocks(process, "py310-flask", 1)
    process.kill()
    process.wait(timeout=END_SECONDS)
    refused = lab.shell("take_lock")
    docker("kill", "--signal", "KILL", lab.container("driver"))
    process.communicate(timeout=END_SECONDS)
    left = lab.left_behind()
    taken = lab.shell("take_lock && give_back_lock")

    assert refused.returncode == 64
    assert "is under way" in refused.stderr
    assert len(left) >= 6
    assert (taken.returncode, taken.stdout) == (0, "")
    assert "what a killed run had left" in taken.stderr
    assert "2 networks" in taken.stderr
    assert lab.left_behind() == []
