"""What a run needs besides, on a real engine: a database, whose image and variant's are built."""

from __future__ import annotations

import pytest
from support.lab_commands import Lab
from support.small_runs import TINY, assert_whole, summary_of, variant

pytestmark = pytest.mark.engine


def test_a_variant_that_needs_the_database_is_given_one(lab: Lab) -> None:
    done = lab.repro(SUITE="thread", VARIANTS="py37-original-db", **TINY)
    summary = summary_of(lab)
    assert summary["run"]["missing"] == [], done.stderr
    assert_whole(variant(summary, "py37-original-db")["trials"][0])
    assert done.returncode in (0, 2), done.stderr
    assert lab.left_behind() == []
