"""A bundle on a real engine: unpacked, it is a Compose project that runs again and compares."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.bundles import CODES, bundle, check_by_compose_alone, outcome, run
from support.lab_commands import ROOT, Lab

pytestmark = pytest.mark.engine

TINY = {"REQUESTS": "40", "CONCURRENCY": "4"}


@pytest.fixture(scope="module")
def archive(shared_lab: Lab) -> Path:
    """The bundle of a small run of one variant."""
    shared_lab.repro(VARIANTS="py310-flask", **TINY)
    return bundle(shared_lab)


def test_unpacked_it_runs_again_by_compose_alone(lab: Lab, archive: Path, tmp_path: Path) -> None:
    check_by_compose_alone(lab, archive, tmp_path / "unpacked")


def test_it_is_verified_by_a_checkout(lab: Lab, archive: Path, tmp_path: Path) -> None:
    results = tmp_path / "verified"

    done = run(
        [ROOT / "scripts" / "verify"], env=lab.env(BUNDLE=str(archive), RESULTS=str(results))
    )

    assert "the same summary.json" in done.stdout
    assert done.returncode == CODES[outcome(results)], done.stderr[-3000:]
    assert "Run here with Docker: 1 variant of this checkout's own" in done.stdout
    assert lab.left_behind() == []
