"""Images that cannot be built cost their own variants only, on a real engine."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.lab_commands import ROOT, Lab, docker
from support.small_runs import TINY, assert_whole, images_of, summary_of, variant

pytestmark = pytest.mark.engine


def test_an_image_that_cannot_be_built_costs_its_own_variants_only(lab: Lab, copy: Path) -> None:
    (copy / "scripts" / "shell" / "bases").rename(copy / "scripts" / "shell" / "real-bases")
    stub = copy / "scripts" / "shell" / "bases"
    real = ROOT / "scripts" / "shell" / "bases"
    stub.write_text(f"#!/bin/sh\n{real} | sed 's/^BASE_PY39=.*/BASE_PY39=memlab-base:missing/'\n")
    stub.chmod(0o755)
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
    lab: Lab, copy: Path
) -> None:
    lock = copy / "images" / "locks" / "t20.txt"
    lock.write_text(f"--index-url http://127.0.0.1:9/\n{lock.read_text()}")
    try:
        done = lab.repro(VARIANTS="py310-flask py38-t20", **TINY)
        summary = summary_of(lab)
    finally:
        docker("rmi", *images_of(copy).split())
    assert done.returncode == 3, done.stderr
    (missing,) = summary["run"]["missing"]
    assert missing["name"] == "py38-t20"
    assert "memlab-py38-t20 was not built" in missing["reason"]
    assert "No matching distribution" in missing["reason"], missing["reason"]
    assert_whole(variant(summary, "py310-flask")["trials"][0])
    assert lab.left_behind() == []
