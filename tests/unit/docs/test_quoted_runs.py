"""Every quoted run is rebuilt from its raw files to the derived files that are kept with it."""

import json
import re
import subprocess
from collections.abc import Iterator

import pytest
from support.paths import ROOT
from support.quoted_runs import RAW_FILES, RUN_IDS, RUNS, rebuilt

KEPT = {
    "20261124-030233-core": {"curves.svg", "summary.json"},
    "20261124-030410-core": {"summary.json"},
    "20261124-030536-core": {"summary.json"},
    "20261125-041223-thread": {"summary.json", "thread.md"},
    "20261126-223730-try-ujson-failing": {"answer.md", "summary.json"},
}
"""The derived files that stand in the repository: what a document shows, and the numbers."""


def fields(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Every leaf of a JSON document with its path; of a sentence only that there is one."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from fields(item, f"{path}.{name}")
    elif isinstance(value, list):
        yield f"{path}.length", len(value)
        for number, item in enumerate(value):
            yield from fields(item, f"{path}[{number}]")
    else:
        yield path, "a sentence" if isinstance(value, str) and " " in value else value


def changed(kept: bytes, made: bytes) -> dict[str, tuple[object, object]]:
    old, new = dict(fields(json.loads(kept))), dict(fields(json.loads(made)))
    names = old.keys() | new.keys()
    return {
        name: (old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)
    }


def test_the_quoted_runs_are_those_that_are_kept() -> None:
    assert set(RUN_IDS) == set(KEPT)


@pytest.mark.parametrize("run_id", RUN_IDS)
def test_the_raw_files_give_the_numbers_verdicts_and_outcomes_that_are_kept(run_id: str) -> None:
    """And what a document shows of a run is what its raw files give today."""
    _, derived = rebuilt(run_id)

    assert changed((RUNS / run_id / "summary.json").read_bytes(), derived["summary.json"]) == {}
    shown = KEPT[run_id] - {"summary.json"}
    stale = [name for name in shown if (RUNS / run_id / name).read_bytes() != derived[name]]

    assert stale == [], f"renew them: make report RESULTS=docs/runs RUN={run_id}"


@pytest.mark.parametrize("run_id", RUN_IDS)
def test_the_summary_keeps_what_it_said_when_a_number_moves(run_id: str) -> None:
    kept = (RUNS / run_id / "summary.json").read_bytes()
    number = re.search(rb'"settled": (\d+)', kept)
    assert number is not None
    moved = kept.replace(number[0], b'"settled": 1', 1)

    assert len(changed(kept, moved)) == 1


def test_nothing_else_of_a_run_is_in_the_repository() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "docs/runs", "results"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    files = [line.split("/")[2:] for line in listed.stdout.splitlines()]
    others = [
        "/".join(file)
        for file in files
        if len(file) > 1 and file[1] != "samples" and file[1] not in {*RAW_FILES, *KEPT[file[0]]}
    ]
    assert others == []
    assert [file[0] for file in files if len(file) == 1] in (
        [],
        [
            *("bench-answers.json", "bench-slower.json", "bench.json", "bisections.json"),
            *("layers.json", "real-leaks.json", "repeats.json"),
        ],
    )
