"""Images that cannot be built cost their own variants only, on a real engine."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.lab_commands import ROOT, Lab, docker
from support.small_runs import TINY, assert_whole, images_of, summary_of, variant

pytestmark = pytest.mark.engine


def take_away_a_base(copy: Path) -> None:
    """Nobody has the image that Python 3.9's are built from."""
    bases = copy / "scripts" / "shell" / "bases"
    bases.rename(bases.with_name("real-bases"))
    real = ROOT / "scripts" / "shell" / "bases"
    bases.write_text(f"#!/bin/sh\n{real} | sed 's/^BASE_PY39=.*/BASE_PY39=memlab-base:missing/'\n")
    bases.chmod(0o755)


def take_away_the_index(copy: Path) -> None:
    """No index of packages answers where those of the stack t20 are asked for."""
    lock = copy / "images" / "locks" / "t20.txt"
    lock.write_text(f"--index-url http://127.0.0.1:9/\n{lock.read_text()}")


def test_images_that_cannot_be_built_cost_their_own_variants_only(lab: Lab, copy: Path) -> None:
    take_away_a_base(copy)
    take_away_the_index(copy)
    try:
        done = lab.repro(VARIANTS="py310-flask py39-flask py38-t20", **TINY)
        summary = summary_of(lab)
    finally:
        docker("rmi", *images_of(copy).split())
    assert done.returncode == 3, done.stderr
    missing = {each["name"]: each["reason"] for each in summary["run"]["missing"]}
    assert missing.keys() == {"py39-flask", "py38-t20"}
    assert "memlab-py39-thread was not built" in missing["py39-flask"]
    assert "memlab-py38-t20 was not built" in missing["py38-t20"]
    assert "No matching distribution" in missing["py38-t20"]
    assert_whole(variant(summary, "py310-flask")["trials"][0])
    assert lab.left_behind() == []
