"""A raw file grows line by line."""

import json
from pathlib import Path

import pytest
from builders.raw_files import RECORDS, written
from lab.store.run_folder import RunFolder


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path / "results", "20240105-101500-core")


def test_a_record_is_in_the_file_as_soon_as_it_is_written(folder: RunFolder) -> None:
    writer = folder.trial_writer("one", 1)
    writer.write(RECORDS[0])
    path = folder.path / "samples/one/1.jsonl"

    assert len(path.read_bytes().splitlines()) == 1
    writer.close()


def test_every_line_of_a_raw_file_is_json_by_itself(folder: RunFolder) -> None:
    path = written(folder, *RECORDS)

    kinds = [json.loads(line)["record"] for line in path.read_text("ascii").splitlines()]
    assert kinds[0] == "start"
    assert len(kinds) == len(RECORDS)
