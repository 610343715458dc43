"""The whole lab on a real engine, small: repro, a plain up, Ctrl-C, two clones."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.lab_commands import END_SECONDS, ROOT, Lab, composes, docker
from support.shell_scripts import sourced
from support.small_runs import TINY, assert_whole, images_of, summary_of, variant

pytestmark = pytest.mark.engine

BOTH = ("docker-compose", "docker compose")


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
    assert found["processes"] is not None
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


def test_ctrl_c_keeps_what_is_measured_and_leaves_nothing(
    lab: Lab, interrupt: Callable[[subprocess.Popen[str]], str]
) -> None:
    process = lab.start_repro(VARIANTS="py310-flask", REQUESTS="800", CONCURRENCY="4")
    lab.wait_for_blocks(process, "py310-flask", 2)
    printed = interrupt(process)
    summary = summary_of(lab)
    assert process.returncode == 130, printed
    assert summary["run"]["partial"] is True
    assert summary["run"]["exit_code"] == 130
    assert variant(summary, "py310-flask")["requests"]["ok"] >= 200
    assert variant(summary, "py310-flask")["verdict"] == "inconclusive"
    assert "partial" in (lab.results / "latest" / "report.md").read_text()
    assert lab.left_behind() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_images_are_built_leaves_nothing(lab: Lab, number: signal.Signals) -> None:
    process = lab.start_repro(VARIANTS="py310-flask")
    assert process.stdout is not None
    assert any("building" in line for line in process.stdout)
    os.killpg(process.pid, number)
    process.communicate(timeout=END_SECONDS)
    assert process.returncode == 130
    assert lab.left_behind() == []


def test_a_run_that_still_builds_is_seen_and_a_second_one_takes_nothing(lab: Lab) -> None:
    first = lab.start_repro(VARIANTS="py310-flask", **TINY)
    assert first.stdout is not None
    assert any("building" in line for line in first.stdout)

    second = lab.repro(VARIANTS="py310-flask", **TINY)
    printed, _ = first.communicate(timeout=END_SECONDS)

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
        printed, _ = first.communicate(timeout=END_SECONDS)
    finally:
        docker("rmi", *images_of(copy).split())
    for each in (lab, other):
        assert_whole(variant(summary_of(each), "py310-flask")["trials"][0])
        assert each.left_behind() == []
    assert first.returncode in (0, 2), printed
    assert beside.returncode in (0, 2), beside.stderr
