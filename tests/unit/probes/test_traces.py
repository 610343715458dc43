"""What the workers of a traced trial answer becomes one trace."""

from typing import Any

import pytest
from lab.probes.traces import merged_trace

HOLDER = {
    "path": "app.SESSIONS",
    "kind": "dict",
    "entries_before": 10,
    "entries_after": 110,
    "held_bytes": 5000,
    "entries": "Session",
    "limit": None,
}
PACKAGE = {"name": "ujson", "version": "5.1.0", "tracker": None}
LINE = {
    "bytes": 10,
    "count": 1,
    "frames": ["a.py:1"],
    "package": None,
    "calls": [{"function": "ujson.dumps", "package": PACKAGE}],
}


def answer(**changes: Any) -> dict[str, Any]:
    search = {
        "holders": [HOLDER],
        "lost": [{"type": "app.Row", "count": 40}],
        "examples": [{"type": "app.Link", "count": 7, "path": "app.FIRST"}],
        "limit": None,
    }
    fields = {"tracer": "tracemalloc", "allocated_bytes": 10, "lines": [LINE], "types": {"x": 2}}
    return {**fields, "search": search, **changes}


def test_lines_types_holders_and_objects_of_all_workers_are_added_up() -> None:
    trace = merged_trace([answer(), answer()], requests=4)

    assert trace is not None
    assert trace.search is not None
    (holder,), (lost,) = trace.search.holders, trace.search.lost
    assert (trace.requests, trace.allocated_bytes, trace.lines[0].bytes) == (4, 20, 20)
    assert trace.types == {"x": 4}
    assert trace.lines[0].calls[0].function == "ujson.dumps"
    assert (holder.entries_before, holder.entries_after, holder.held_bytes) == (20, 220, 10_000)
    assert (lost.type, lost.count, trace.search.examples[0].count) == ("app.Row", 80, 14)


def test_what_memray_traced_searches_for_nobody() -> None:
    trace = merged_trace([answer(tracer="memray", search=None)], requests=4)

    assert trace is not None
    assert trace.search is None


@pytest.mark.parametrize(
    "odd",
    [
        None,
        [],
        "text",
        {},
        answer(lines=[{"bytes": "many"}]),
        answer(allocated_bytes=float("nan")),
        answer(search={"holders": [{**HOLDER, "held_bytes": None}]}),
    ],
)
def test_an_answer_of_another_shape_is_a_gap(odd: Any) -> None:
    assert merged_trace([odd], requests=1) is None
    trace = merged_trace([odd, answer()], requests=1)
    assert trace is not None
    assert trace.allocated_bytes == 10
