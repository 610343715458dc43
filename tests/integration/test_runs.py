"""The whole lab on a real engine, small: repro, a plain up, Ctrl-C, deaths, missing images."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.lab_commands import ROOT, Lab, composes, docker
from support.shell_scripts import sourced

pytestmark = pytest.mark.engine

TINY = {"REQUESTS": "40", "CONCURRENCY": "4"}
BOTH = ("docker-compose", "docker compose")


def summary_of(lab: Lab) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((lab.results / "latest" / "summary.json").read_text())
    return data


def variant(summary: dict[str, Any], name: str) -> dict[str, Any]:
    return next(item for item in summary["variants"] if item["name"] == name)


def assert_whole(trial: dict[str, Any]) -> None:
    """All was answered; a trial whose verdict asks for more goes on to three times the load."""
    blocks = len(trial["troughs_bytes"]) - 1
    assert trial["requests"]["failed"] == 0
    assert trial["requests"]["ok"] == blocks * (40 // 8)
    assert 8 <= blocks <= 24


def need(compose: str) -> None:
    if compose not in composes():
        pytest.skip(f"THERE IS NO `{compose}` HERE: nothing was tested with it")


@pytest.mark.parametrize("compose", BOTH)
def test_repro_measures_reports_and_leaves_nothing(lab: Lab, compose: str) -> None:
    need(compose)
    done = lab.repro(VARIANTS="py310-flask", COMPOSE=compose, **TINY)
    summary = summary_of(lab)
    found = variant(summary, "py310-flask")
    assert_whole(found["trials"][0])
    assert found["requests"] == found["trials"][0]["requests"]
    assert found["prediction"]["growth_bytes"] > 0
    assert found["memory_bytes"]["peak"] >= found["memory_bytes"]["settled"]
    assert done.returncode == summary["run"]["exit_code"], done.stderr
    assert done.returncode in (0, 2), done.stderr
    assert sorted(path.name for path in (lab.results / "latest").iterdir()) == [
        "curves.svg",
        "experiment.json",
        "report.html",
        "report.md",
        "samples",
        "summary.json",
    ]
    assert lab.left_behind() == []


@pytest.mark.parametrize("compose", BOTH)
def test_a_plain_up_does_the_job_without_make(lab: Lab, compose: str) -> None:
    need(compose)
    env = lab.env(VARIANTS="py310-flask", LAB_UID="1000", LAB_GID="1000", **TINY)
    words = [*compose.split(), "up", "--exit-code-from", "driver", "driver", "py310-flask", "gate"]
    done = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    subprocess.run(
        [*compose.split(), "down", "--volumes"], cwd=ROOT, env=env, capture_output=True, check=False
    )
    summary = variant(summary_of(lab), "py310-flask")
    assert_whole(summary["trials"][0])
    assert done.returncode in (0, 2), done.stdout[-2000:]
    assert lab.left_behind() == []


def test_a_variant_that_needs_the_database_is_given_one(lab: Lab) -> None:
    done = lab.repro(SUITE="thread", VARIANTS="py37-db-merged", **TINY)
    summary = summary_of(lab)
    assert summary["run"]["missing"] == [], done.stderr
    assert_whole(variant(summary, "py37-db-merged")["trials"][0])
    assert done.returncode in (0, 2), done.stderr
    assert lab.left_behind() == []


def test_ctrl_c_keeps_what_is_measured_and_leaves_nothing(
    lab: Lab, interrupt: Callable[[subprocess.Popen[str]], str]
) -> None:
    process = lab.start_repro(VARIANTS="py310-flask", REQUESTS="800", CONCURRENCY="4")
    lab.wait_for_blocks("py310-flask", 2)
    printed = interrupt(process)
    summary = summary_of(lab)
    assert process.returncode == 130, printed
    assert summary["run"]["partial"] is True
    assert summary["run"]["exit_code"] == 130
    assert variant(summary, "py310-flask")["requests"]["ok"] >= 200
    assert variant(summary, "py310-flask")["verdict"] == "inconclusive"
    assert "partial" in (lab.results / "latest" / "report.md").read_text()
    assert lab.left_behind() == []


def test_ctrl_c_while_images_are_built_leaves_nothing(
    lab: Lab, interrupt: Callable[[subprocess.Popen[str]], str]
) -> None:
    process = lab.start_repro(VARIANTS="py310-flask")
    assert process.stdout is not None
    assert any("building" in line for line in process.stdout)
    interrupt(process)
    assert process.returncode == 130
    assert lab.left_behind() == []


def test_a_dying_container_ends_its_variant_and_no_other(lab: Lab) -> None:
    process = lab.start_repro(VARIANTS="py310-flask py39-flask", **TINY)
    lab.wait_for_blocks("py39-flask", 1)
    docker("kill", lab.container("py39-flask"))
    printed, _ = process.communicate(timeout=300)
    summary = summary_of(lab)
    dead, alive = variant(summary, "py39-flask"), variant(summary, "py310-flask")
    assert process.returncode == 3, printed
    assert dead["verdict"] == "inconclusive"
    assert dead["trials"][0]["end"] == "died"
    assert any("gunicorn" in line for line in dead["trials"][0]["log_tail"])
    assert_whole(alive["trials"][0])
    assert alive["trials"][0]["end"] == "complete"
    assert lab.left_behind() == []


def images_of(clone: Path) -> str:
    """The images of a clone, by their tag."""
    tag = sourced(clone, "echo $LAB_TAG")
    return docker("images", "--format", "{{.Repository}}:{{.Tag}}", f"--filter=reference=*{tag}")


def test_a_run_that_still_builds_is_seen_and_a_second_one_takes_nothing(lab: Lab) -> None:
    first = lab.start_repro(VARIANTS="py310-flask", **TINY)
    assert first.stdout is not None
    assert any("building" in line for line in first.stdout)

    second = lab.repro(VARIANTS="py310-flask", **TINY)
    printed, _ = first.communicate(timeout=300)

    assert second.returncode == 64
    assert f"a run of project {lab.project} is under way" in second.stderr
    assert first.returncode in (0, 2), printed
    assert_whole(variant(summary_of(lab), "py310-flask")["trials"][0])
    assert lab.left_behind() == []


def test_a_second_clone_measures_beside_the_first(lab: Lab, tmp_path: Path) -> None:
    copy = tmp_path / "checkout"
    ignored = shutil.ignore_patterns(".git", ".venv", ".environments", "results", "__pycache__")
    shutil.copytree(ROOT, copy, ignore=ignored, symlinks=True)
    other = Lab(sourced(copy, "echo $project"), tmp_path / "results-of-copy", copy)
    other.results.mkdir()
    try:
        first = lab.start_repro(VARIANTS="py310-flask", **TINY)
        beside = other.repro(VARIANTS="py310-flask", **TINY)
        printed, _ = first.communicate(timeout=600)
    finally:
        docker("rmi", *images_of(copy).split())
    for each in (lab, other):
        assert_whole(variant(summary_of(each), "py310-flask")["trials"][0])
        assert each.left_behind() == []
    assert first.returncode in (0, 2), printed
    assert beside.returncode in (0, 2), beside.stderr


def test_an_image_that_cannot_be_built_costs_its_own_variants_only(
    lab: Lab, tmp_path: Path
) -> None:
    copy = tmp_path / "checkout"
    ignored = shutil.ignore_patterns(".git", ".venv", ".environments", "results", "__pycache__")
    shutil.copytree(ROOT, copy, ignore=ignored, symlinks=True)
    (copy / "scripts" / "shell" / "bases").rename(copy / "scripts" / "shell" / "real-bases")
    stub = copy / "scripts" / "shell" / "bases"
    real = ROOT / "scripts" / "shell" / "bases"
    stub.write_text(f"#!/bin/sh\n{real} | sed 's/^BASE_PY39=.*/BASE_PY39=memlab-base:missing/'\n")
    stub.chmod(0o755)
    lab.root = copy  # a clone of its own, whose images have a tag of its own
    try:
        done = lab.repro(VARIANTS="py310-flask py39-flask", **TINY)
        summary = summary_of(lab)
    finally:
        docker("rmi", *images_of(copy).split())
    assert done.returncode == 3, done.stderr
    assert [item["name"] for item in summary["run"]["missing"]] == ["py39-flask"]
    assert "memlab-py39-thread was not built" in summary["run"]["missing"][0]["reason"]
    assert_whole(variant(summary, "py310-flask")["trials"][0])
    assert lab.left_behind() == []


def test_an_index_that_is_down_for_one_image_costs_its_own_variants_only(
    lab: Lab, tmp_path: Path
) -> None:
    copy = tmp_path / "checkout"
    ignored = shutil.ignore_patterns(".git", ".venv", ".environments", "results", "__pycache__")
    shutil.copytree(ROOT, copy, ignore=ignored, symlinks=True)
    lock = copy / "images" / "locks" / "t20.txt"
    lock.write_text(f"--index-url http://127.0.0.1:9/\n{lock.read_text()}")
    lab.root = copy  # a clone of its own, whose images have a tag of its own
    try:
        done = lab.repro(VARIANTS="py310-flask py38-t20", **TINY)
        summary = summary_of(lab)
    finally:
        docker("rmi", *images_of(copy).split())
    assert done.returncode == 3, done.stderr
    (missing,) = summary["run"]["missing"]
    assert missing["name"] == "py38-t20"
    assert "memlab-py38-t20 was not built" in missing["reason"]
    assert "No matching distribution found" in missing["reason"], missing["reason"]
    assert_whole(variant(summary, "py310-flask")["trials"][0])
    assert lab.left_behind() == []


def test_the_verdicts_stay_without_probes(lab: Lab) -> None:
    settings = {"VARIANTS": "py310-flask py310-fastapi-sync", "REQUESTS": "400", "HOST_CPUS": "4"}
    verdicts = []
    for probes in ("1", "0"):
        lab.repro(LAB_PROBES=probes, **settings)
        summary = summary_of(lab)
        verdicts.append({item["name"]: item["verdict"] for item in summary["variants"]})
        has_inner_view = [item["processes"] is not None for item in summary["variants"]]
        assert has_inner_view == [probes == "1"] * 2
    assert verdicts[0] == verdicts[1]
    assert set(verdicts[0].values()) == {"bounded"}


def test_two_trials_are_two_fresh_containers(lab: Lab) -> None:
    done = lab.repro(VARIANTS="py310-flask", TRIALS="2", **TINY)
    summary = variant(summary_of(lab), "py310-flask")
    assert done.returncode in (0, 2), done.stderr
    assert len(summary["trials"]) == 2
    for trial in summary["trials"]:
        assert_whole(trial)
    baselines = [trial["troughs_bytes"][0] for trial in summary["trials"]]
    assert max(baselines) < 1.1 * min(baselines)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"WORKERS": "0"}, "WORKERS='0' cannot be used: allowed is a whole number from 1 to 64"),
        ({"VARIANTS": "py36-*"}, "VARIANTS='py36-*' matches nothing"),
    ],
)
def test_bad_settings_are_refused_in_one_line(
    lab: Lab, settings: dict[str, str], words: str
) -> None:
    done = lab.repro(**settings)
    assert done.returncode == 64
    assert words in done.stderr
    assert lab.left_behind() == []


def test_a_killed_driver_leaves_nothing_but_its_files_and_a_report(lab: Lab) -> None:
    process = lab.start_repro(VARIANTS="py310-flask", REQUESTS="800", CONCURRENCY="4")
    lab.wait_for_blocks("py310-flask", 2)
    docker("kill", "--signal", "KILL", lab.container("driver"))
    printed, _ = process.communicate(timeout=120)
    summary = summary_of(lab)

    assert process.returncode == 3, printed
    assert "the driver was killed (exit code 137)" in printed
    assert summary["run"]["partial"] is True
    assert variant(summary, "py310-flask")["trials"][0]["end"] == "cut off"
    assert lab.left_behind() == []


def test_a_gate_that_dies_is_started_again_and_no_trial_is_lost(lab: Lab) -> None:
    process = lab.start_repro(VARIANTS="py310-flask", REQUESTS="800", CONCURRENCY="4")
    lab.wait_for_blocks("py310-flask", 2)
    # From outside of the engine: what it is told to kill it does not start again.
    pid = docker("inspect", "--format", "{{.State.Pid}}", lab.container("gate"))
    if not Path(f"/proc/{pid}/status").exists():
        pytest.skip("THE ENGINE'S PROCESSES ARE NOT SEEN FROM HERE: no gate was killed")
    os.kill(int(pid), signal.SIGKILL)
    printed, _ = process.communicate(timeout=300)

    assert process.returncode in (0, 2), printed
    assert variant(summary_of(lab), "py310-flask")["trials"][0]["end"] == "complete"
    assert lab.left_behind() == []
