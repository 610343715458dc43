"""Raw files are read as a stranger may have filled them; what is damaged is told in one line."""

import json
from pathlib import Path

import pytest
from builders import raw
from builders.raw_files import RECORDS, written
from lab.errors import LabError
from lab.records.codec import encode
from lab.records.observations import AllocationTrace, PostLoadObservation
from lab.records.run_limits import MOST_BLOCKS
from lab.records.trial import RawRecord, Trial
from lab.records.variant import Scenario
from lab.store.run_folder import RunFolder
from lab.store.trial_reader import read_records
from lab.units import MIB


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path / "results", "20240105-101500-core")


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_a_record_comes_back_as_it_was_written(folder: RunFolder, record: RawRecord) -> None:
    path = written(folder, record)

    assert list(read_records(path)) == [record]


@pytest.mark.parametrize(
    ("tag", "former", "record"),
    [
        (
            *("post-load", "aftermath"),
            PostLoadObservation(Scenario.GIVE_BACK, 16.0, 30, 20, None, None, 0, 0),
        ),
        ("trace", "explanation", AllocationTrace("memray", 1000, 160 << 20, (), {})),
    ],
)
def test_a_record_of_an_older_file_has_another_tag(
    folder: RunFolder, tag: str, former: str, record: RawRecord
) -> None:
    path = written(folder, record)
    text = path.read_text()
    path.write_text(text.replace(f'"record":"{tag}"', f'"record":"{former}"'))

    assert path.read_text() != text
    assert list(read_records(path)) == [record]


def test_a_trial_is_put_together_from_its_records(folder: RunFolder) -> None:
    written(folder, *RECORDS)

    assert folder.read_trials() == {
        "one": [
            Trial(
                start=RECORDS[0],  # type: ignore[arg-type]
                environment=RECORDS[1],  # type: ignore[arg-type]
                calibration=RECORDS[2],  # type: ignore[arg-type]
                samples=(RECORDS[3], RECORDS[4]),  # type: ignore[arg-type]
                blocks=(RECORDS[6], RECORDS[7]),  # type: ignore[arg-type]
                troughs=(RECORDS[5], RECORDS[9]),  # type: ignore[arg-type]
                pauses=(RECORDS[8],),  # type: ignore[arg-type]
                end=RECORDS[10],  # type: ignore[arg-type]
            )
        ]
    }


def test_a_trial_without_an_end_was_cut_off(folder: RunFolder) -> None:
    written(folder, *RECORDS[:4])

    assert folder.read_trials()["one"][0].end is None


def test_a_trial_without_a_start_is_none(folder: RunFolder) -> None:
    written(folder, RECORDS[-1])

    assert folder.read_trials() == {}


@pytest.mark.parametrize("kept", [1, 20, 60])
def test_a_last_line_that_was_cut_off_is_left_out(folder: RunFolder, kept: int) -> None:
    path = written(folder, *RECORDS[:4])
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:3]) + lines[3][:kept])

    assert list(read_records(path)) == RECORDS[:3]


@pytest.mark.parametrize("cut", range(0, 400, 7))
def test_a_file_cut_anywhere_is_read_up_to_there(folder: RunFolder, cut: int) -> None:
    path = written(folder, *RECORDS[1:4])
    whole = path.read_bytes()
    path.write_bytes(whole[:cut])
    records = list(read_records(path))

    assert records == RECORDS[1 : 1 + len(records)]
    assert len(records) >= whole[:cut].count(b"\n")


@pytest.mark.parametrize(
    "damage",
    [
        b'{"record":"sample"',
        b"5",
        b"[]",
        b"null",
        b'{"record":"nonsense"}',
        b'{"record":"sample","memory_bytes":1}',
        b'{"record":"trough","index":0,"sample":5,"probe":null,"cooldown_seconds":1,"stable":true}',
        b'{"record":"end","kind":"happy","at_seconds":1,"reason":"","log_tail":[]}',
        b'\xff\xfe{"record"',
    ],
)
def test_a_damaged_earlier_line_is_one_clear_error(folder: RunFolder, damage: bytes) -> None:
    path = written(folder, *RECORDS[:4])
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([lines[0], damage, *lines[2:], b""]))

    with pytest.raises(LabError, match=r"raw file one/1\.jsonl, line 2 cannot be read") as error:
        folder.read_trials()

    assert "\n" not in str(error.value)


def test_the_full_trough_of_a_block_counts(folder: RunFolder) -> None:
    early, full = raw.trough(0, 60 * MIB, full=False), raw.trough(0)
    written(folder, raw.start(), raw.trough(-1), early, full, raw.trough(1, full=False))

    ((trial,),) = folder.read_trials().values()

    assert [(trough.index, trough.full) for trough in trial.troughs] == [
        (-1, True),
        (0, True),
        (1, False),
    ]
    assert trial.troughs[1] == full


def test_a_trough_that_had_no_reading_is_missing_and_no_fault(folder: RunFolder) -> None:
    blocks = [raw.block(index) for index in range(3)]
    written(folder, raw.start(), raw.trough(-1), raw.trough(0), *blocks, raw.trough(2))

    ((trial,),) = folder.read_trials().values()

    assert [trough.index for trough in trial.troughs] == [-1, 0, 2]


@pytest.mark.parametrize("kinds", [(True, True), (True, False), (False, False)])
def test_no_other_two_troughs_of_a_block_are_read(
    folder: RunFolder, kinds: tuple[bool, bool]
) -> None:
    written(folder, raw.start(), *(raw.trough(0, full=kind) for kind in kinds))

    with pytest.raises(LabError, match="index: 0 where 1 "):
        folder.read_trials()


def test_a_trial_has_no_more_blocks_than_can_be_asked_for(folder: RunFolder) -> None:
    path = written(folder, *(raw.block(index) for index in range(MOST_BLOCKS)))
    assert len(list(read_records(path))) == MOST_BLOCKS

    with path.open("a") as file:
        block = {"record": "block", **encode(raw.block(MOST_BLOCKS))}
        file.write(json.dumps(block) + "\n")
    with pytest.raises(LabError, match="index: 3,000, of 3,000 blocks at most"):
        list(read_records(path))
