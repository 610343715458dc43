"""The folder of one run."""

import os
from pathlib import Path

import pytest
from builders import raw
from builders.raw_files import written
from lab.errors import LabError, UsageError
from lab.records.experiment import MissingVariant
from lab.store.run_folder import RunFolder


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path / "results", "20240105-101500-core")


def test_trials_are_in_the_order_of_their_numbers(folder: RunFolder) -> None:
    for number in (10, 2, 1):
        written(folder, raw.start(trial=number), trial=number)
    (folder.path / "samples/one/notes.jsonl").write_text("not ours", encoding="utf-8")

    assert [trial.start.trial for trial in folder.read_trials()["one"]] == [1, 2, 10]


def test_an_experiment_comes_back_as_it_was_written(folder: RunFolder) -> None:
    experiment = raw.experiment(
        "a", "b", elapsed_seconds=None, missing=(MissingVariant("b", "its image was not built"),)
    )
    folder.write_experiment(experiment)

    assert folder.read_experiment() == experiment


@pytest.mark.parametrize("text", ["", "{", "[]", "5", "{}", '{"schema_version": "1.0"}'])
def test_a_damaged_experiment_is_one_clear_error(folder: RunFolder, text: str) -> None:
    (folder.path / "experiment.json").write_text(text, encoding="utf-8")

    with pytest.raises(LabError, match=r"experiment\.json cannot be read"):
        folder.read_experiment()


def test_a_folder_of_somebody_else_is_refused_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)

    with pytest.raises(UsageError, match=rf"run `chown \d+:\d+ {tmp_path}`"):
        RunFolder.create(tmp_path, "run")


def test_a_report_replaces_the_one_before(folder: RunFolder) -> None:
    folder.write_report({"report.md": "old"})
    folder.write_report({"report.md": "new"})

    assert (folder.path / "report.md").read_text(encoding="utf-8") == "new"
    assert [path.name for path in folder.path.iterdir()] == ["report.md"]
