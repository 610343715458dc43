"""A run is found by its name, or as the latest."""

from pathlib import Path

import pytest
from builders import raw
from lab.errors import UsageError
from lab.store.find_runs import find_run
from lab.store.run_folder import RunFolder


def test_latest_points_to_the_newest(tmp_path: Path) -> None:
    for name in ("first", "second"):
        folder = RunFolder.create(tmp_path, name)
        folder.write_experiment(raw.experiment())
        folder.point_latest()

    assert find_run(tmp_path, "latest").id == "second"
    assert find_run(tmp_path, "first").id == "first"
    assert str((tmp_path / "latest").readlink()) == "second"


def test_an_unknown_run_is_refused_with_those_there_are(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "first")
    folder.write_experiment(raw.experiment())
    folder.point_latest()

    with pytest.raises(UsageError, match=r"RUN='nope' is not a run in .*: choose one of first$"):
        find_run(tmp_path, "nope")


def test_where_nothing_ran_it_is_said_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match="no run exists yet, start one with make try or make repro"
    ):
        find_run(tmp_path, "latest")


def test_the_setting_that_names_the_run_is_the_one_that_was_given(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        find_run(tmp_path / "results", "../x", "RESUME")
    assert str(refused.value) == (
        "RESUME='../x' is not the name of a run: give a folder's name in results/"
    )
