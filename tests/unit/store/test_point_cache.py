"""Runs of points that were measured before."""

from dataclasses import replace
from pathlib import Path

import pytest
from lab.records.bisection import PointMeasurement
from lab.store.point_cache import CachedPoint, PointCache

NEEDS = {"point": "1.0", "app": "0"}
RUN = PointMeasurement(300, 5000.0, 3.0, {"app.py:7": 5000.0}, packages={"a": "1"})


def test_what_was_written_is_read_and_other_needs_are_another_point(tmp_path: Path) -> None:
    cache = PointCache(tmp_path / "points")
    point = CachedPoint(NEEDS, (RUN,))

    cache.write(point)

    assert cache.read(NEEDS) == point
    assert cache.read({**NEEDS, "app": "1"}) == CachedPoint({**NEEDS, "app": "1"})
    cache.write(replace(point, fault="it cannot be built"))
    assert cache.read(NEEDS).fault == "it cannot be built"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"runs": 3}', "[" * 5000])
def test_a_file_that_cannot_be_read_is_as_good_as_none(tmp_path: Path, text: str) -> None:
    cache = PointCache(tmp_path)
    cache.path(NEEDS).write_text(text, encoding="utf-8")

    assert cache.read(NEEDS) == CachedPoint(NEEDS)
