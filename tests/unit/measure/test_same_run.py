"""Which runs are the same, and which of them is resumed."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import raw
from lab.measure.resume import find_unfinished, finished, is_partial, measures_the_same
from lab.records.experiment import EngineKind
from lab.records.trial import End, EndKind
from lab.store.run_folder import RunFolder

THREAD = raw.experiment(suite="thread", settings={"suite": "thread", "seed": 1, "fresh": False})


@pytest.mark.parametrize(
    "changes",
    [
        {"git_commit": "b"},
        {"lock_hashes": {"thread": "bb"}},
        {"variants": ("other",)},
        {"suite": "core"},
        {"engine": replace(THREAD.engine, kind=EngineKind.PROCESS)},
        {"host": replace(THREAD.host, cpus=4)},
        {"settings": {"suite": "thread", "seed": 2}},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_runs_that_differ_in_what_is_measured_are_not_the_same(changes: dict[str, Any]) -> None:
    assert not measures_the_same(THREAD, replace(THREAD, **changes))


def test_runs_that_differ_in_how_fast_they_are_are_the_same() -> None:
    settings = {**THREAD.settings, "fresh": True, "lanes": 2, "memory_budget_bytes": 1}
    assert measures_the_same(THREAD, replace(THREAD, settings=settings, started_at="later"))


@pytest.mark.parametrize(
    ("changes", "partial"),
    [({}, False), ({"interrupted": True}, True), ({"elapsed_seconds": None}, True)],
)
def test_partial_is_what_was_interrupted_or_cut_off(changes: dict[str, Any], partial: bool) -> None:
    assert is_partial(replace(THREAD, **changes)) is partial


def run_of(results: Path, name: str, **changes: Any) -> RunFolder:
    folder = RunFolder.create(results, name)
    folder.write_experiment(replace(THREAD, **changes))
    return folder


def test_only_the_newest_of_the_same_runs_is_gone_on_with(tmp_path: Path) -> None:
    run_of(tmp_path, "1", elapsed_seconds=None)
    run_of(tmp_path, "2")
    run_of(tmp_path, "3", elapsed_seconds=None, git_commit="another")

    assert find_unfinished(tmp_path, THREAD) is None


def test_a_run_that_another_driver_writes_is_left_alone(tmp_path: Path) -> None:
    folder = run_of(tmp_path, "1", elapsed_seconds=None)
    assert folder.lock.take()

    assert find_unfinished(tmp_path, THREAD) is None
    folder.lock.release()
    unfinished = find_unfinished(tmp_path, THREAD)
    assert unfinished is not None
    unfinished.lock.release()


def test_a_run_that_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    readable = run_of(tmp_path, "1", elapsed_seconds=None)
    (run_of(tmp_path, "2").path / "experiment.json").write_text("{}")
    unfinished = find_unfinished(tmp_path, THREAD)

    assert unfinished is not None
    assert unfinished.id == readable.id
    unfinished.lock.release()


@pytest.mark.parametrize(
    ("end", "count"),
    [
        (End(EndKind.COMPLETE, 1.0), 1),
        (End(EndKind.INTERRUPTED, 1.0), 0),
        (End(EndKind.DIED, 1.0), 0),
        (None, 0),
    ],
)
def test_finished_is_what_came_to_its_end(end: End | None, count: int) -> None:
    assert len(finished({"one": [raw.trial(end=end)]})) == count
