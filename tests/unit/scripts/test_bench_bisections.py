"""The file of bisections: written and read, a line a point, and which search is typed."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import bench_bisections
import pytest
from bench_bisections import SEARCHES, KeptSearch, json_text, read_searches, searched, sparse
from lab.records.bisection import Ends, MeasuredPoints, Point, PointKind, PointMeasurement
from lab.records.experiment import HostInfo
from lab.store.json_file import write_record

MEASURED = MeasuredPoints(
    schema_version=1,
    started_at="2026-11-27T15:00:00+00:00",
    command="make bisect EXAMPLE=ujson-failing PACKAGE=ujson ENGINE=process",
    git_commit="0" * 40,
    host=HostInfo(2, 8 << 30, "5.10", "some CPU"),
    app="ujson-failing",
    package="ujson",
    kind=PointKind.RELEASE,
    left_out=(),
    points=(
        Point("5.3.0", "2022-05-18"),
        Point("5.4.0", has_wheel=False),
        Point("5.5.0"),
        Point("5.6.0"),
    ),
    ends=Ends(0, None, 2),
    runs={
        "5.3.0": (PointMeasurement(300, 900.5, 2.0, {"app.py:11": 890.0}),) * 2,
        "5.5.0": (PointMeasurement(300, 9.0, 2.0, {}),),
    },
    faults={"5.4.0": "it cannot be built: a.c:1"},
    earlier_runs=0,
    seconds=61.5,
)
KEPT = KeptSearch("20261127-150101-bisect-ujson-failing", 4.5, MEASURED)
FOUND = {"ujson-failing": (KEPT,)}


def test_what_is_written_is_what_is_read() -> None:
    assert read_searches(json_text(sparse(FOUND)).encode()) == FOUND


def test_a_point_is_a_line_and_so_are_its_runs() -> None:
    lines = [line.strip() for line in json_text(sparse(FOUND)).splitlines()]

    assert '{"label": "5.3.0", "date": "2022-05-18"},' in lines
    assert '{"label": "5.4.0", "has_wheel": false},' in lines
    assert sum(line.startswith('"5.3.0": [{"requests": 300') for line in lines) == 1


def test_a_search_is_typed_as_a_user_types_it_and_what_it_needs_not_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = []

    def make(line: list[str], **_: Any) -> None:
        typed.append(line)
        (tmp_path / "20261127-150101-bisect-shop").mkdir()
        linked = json.loads(json.dumps(sparse(MEASURED)))
        linked["points"][0]["link"] = "https://pypi.org/project/ujson/5.3.0/"
        linked["points"][3]["date"] = "2024-05-14"
        linked["faults"]["5.4.0"] = f"it cannot be built: {bench_bisections.ROOT}/a.c:1"
        write_record(tmp_path / "20261127-150101-bisect-shop" / "points.json", linked)

    monkeypatch.setattr(subprocess, "run", make)

    kept = bench_bisections.search("aiohttp-cookies", tmp_path)

    assert kept is not None
    assert (kept.run, kept.measured) == ("20261127-150101-bisect-shop", MEASURED)
    assert typed[0][2:6] == [
        *("bisect", "EXAMPLE=aiohttp-cookies", "PACKAGE=aiohttp", "GOOD=3.14.5")
    ]


def test_every_search_of_an_example_is_kept_in_its_turn() -> None:
    found = {"ujson-failing": (KEPT,)}
    again = searched(["ujson-failing", "numpy-recarray"], found, lambda _: replace(KEPT, load=2.0))

    assert list(again) == [*found]
    assert [each.load for each in found["ujson-failing"]] == [4.5, 2.0]
    assert [each.load for each in found["numpy-recarray"]] == [2.0]


def test_a_search_without_an_answer_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: None)

    assert bench_bisections.search("ujson-failing", tmp_path) is None


def test_each_search_is_that_of_a_shipped_example() -> None:
    examples = {path.parent.name for path in (bench_bisections.ROOT / "apps").glob("*/*/lab.toml")}

    assert SEARCHES.keys() <= examples
