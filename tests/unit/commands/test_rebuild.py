"""Everything that is derived comes back from the raw files, again and again the same."""

import json
from pathlib import Path

import pytest
from builders import raw
from lab.commands.rebuild import rebuild
from lab.errors import LabError
from lab.records.trial import RawRecord, Trial
from lab.store.run_folder import RunFolder
from lab.units import MIB

REPORTS = ("summary.json", "report.md", "report.html", "curves.svg")
NAMES = ("py37-fastapi-sync", "py38-fastapi-async")


def records_of(trial: Trial) -> list[RawRecord]:
    records: list[RawRecord] = [trial.start]
    records += [record for record in (trial.environment, trial.calibration) if record]
    records += [*trial.samples, *trial.blocks, *trial.troughs]
    return [*records, *([trial.end] if trial.end else [])]


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = RunFolder.create(tmp_path / "results", "20240105-101500-core")
    folder.write_experiment(raw.experiment(*NAMES))
    for name, settled in zip(NAMES, (150, 50), strict=True):
        start = raw.start(raw.variant(name, limit_bytes=4096 * MIB))
        writer = folder.trial_writer(name, 1)
        for record in records_of(raw.trial((50 * MIB, *(settled * MIB,) * 8), start=start)):
            writer.write(record)
        writer.close()
    folder.point_latest()
    return folder


def texts(folder: RunFolder) -> dict[str, bytes]:
    return {name: (folder.path / name).read_bytes() for name in REPORTS}


def test_a_rebuild_writes_every_file(folder: RunFolder) -> None:
    summary = rebuild(folder)

    assert [variant.verdict.value for variant in summary.variants] == ["bounded", "flat"]
    assert json.loads((folder.path / "summary.json").read_bytes())["run"]["exit_code"] == 0
    assert all(texts(folder).values())


def test_a_second_rebuild_is_the_same_to_the_byte(folder: RunFolder) -> None:
    rebuild(folder)
    first = texts(folder)
    rebuild(folder)

    assert texts(folder) == first


def test_a_rebuild_looks_at_raw_files_alone(folder: RunFolder) -> None:
    rebuild(folder)
    first = texts(folder)
    for name in REPORTS:
        (folder.path / name).write_text("spoilt", encoding="utf-8")
    rebuild(folder)

    assert texts(folder) == first


def test_a_file_that_was_cut_off_is_reported_as_far_as_it_goes(folder: RunFolder) -> None:
    path = folder.path / "samples" / NAMES[0] / "1.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * 0.9)])
    summary = rebuild(folder)

    assert summary.variants[0].trials[0].end == "cut off"
    assert summary.variants[0].verdict.value == "inconclusive"
    assert summary.variants[1].verdict.value == "flat"
    assert summary.run.exit_code == 3


def test_a_run_that_was_cut_off_at_once_has_a_report(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "run")
    folder.write_experiment(raw.experiment(elapsed_seconds=None))
    summary = rebuild(folder)

    assert summary.run.partial
    assert summary.run.exit_code == 3
    assert "Nothing was measured" in (folder.path / "report.md").read_text(encoding="utf-8")


def test_a_damaged_file_is_an_error_and_the_old_report_stays(folder: RunFolder) -> None:
    rebuild(folder)
    before = texts(folder)
    path = folder.path / "samples" / NAMES[0] / "1.jsonl"
    path.write_bytes(b"{}\n" + path.read_bytes())

    with pytest.raises(LabError, match="line 1 cannot be read"):
        rebuild(folder)
    assert texts(folder) == before
