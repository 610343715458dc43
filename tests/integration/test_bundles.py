"""A bundle on a real engine: unpacked, it is a Compose project that runs again and compares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.bundles import CODES, bases, outcome, run
from support.lab_commands import ROOT, Lab, composes

pytestmark = pytest.mark.engine

TINY = {"REQUESTS": "40", "CONCURRENCY": "4"}


@pytest.fixture
def archive(lab: Lab) -> Path:
    """The bundle of a small run of one variant."""
    lab.repro(VARIANTS="py310-flask", **TINY)
    done = run([ROOT / "scripts" / "bundle"], env=lab.env())
    assert done.returncode == 0, done.stderr
    (found,) = lab.results.glob("*.zip")
    return found


def test_unpacked_it_runs_again_by_compose_alone(lab: Lab, archive: Path, tmp_path: Path) -> None:
    compose = composes()[0].split()
    folder = tmp_path / "unpacked"
    assert run(["unzip", "-q", archive, "-d", folder]).returncode == 0
    (top,) = folder.iterdir()
    env = {**os.environ, **bases(), "COMPOSE_PROJECT_NAME": lab.project}
    try:
        up = [*compose, "up", "--build", "--exit-code-from", "driver"]
        done = run(up, cwd=top, env=env)
        assert done.returncode == CODES[outcome(top / "results")], done.stdout[-3000:]
        assert "there | here" in done.stdout
    finally:
        run([*compose, "down", "--volumes", "--remove-orphans"], cwd=top, env=env)
    assert lab.left_behind() == []


def test_it_is_verified_by_a_checkout(lab: Lab, archive: Path, tmp_path: Path) -> None:
    results = tmp_path / "verified"

    done = run(
        [ROOT / "scripts" / "verify"], env=lab.env(BUNDLE=str(archive), RESULTS=str(results))
    )

    assert "the same summary.json, byte by byte" in done.stdout
    assert done.returncode == CODES[outcome(results)], done.stderr[-3000:]
    assert "Run here with Docker: 1 variant of this checkout's own" in done.stdout
    assert lab.left_behind() == []
