import json
import os
from pathlib import Path

import pytest
from builders import raw
from lab.errors import LabError, UsageError
from lab.records.experiment import Missing
from lab.records.observations import Pause
from lab.records.trial import End, EndKind, Environment, RawRecord, Trial
from lab.records.variant import Connection
from lab.store.find_runs import find_run
from lab.store.layout import check_writable
from lab.store.run_folder import RunFolder
from lab.store.trial_reader import read_records

NOT_ROOT = pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
RECORDS: list[RawRecord] = [
    raw.start(raw.variant(host_cpus=None), connection=Connection.KEEP_ALIVE),
    Environment("3.7.17", "glibc 2.36", 16, {"fastapi": "0.63.0"}),
    raw.calibration(arena_limit=None),
    raw.sample(at=1.5),
    raw.sample(pids=None, limit_bytes=None),
    raw.trough(-1, probe=None, still=False),
    raw.block(0, sent=10, ok=7),
    raw.block(1, sent=10, ok=0),
    Pause(3.0, 6.5),
    raw.trough(0, probe=raw.probe(raw.worker(11), raw.worker(12, arenas=None), oom_kills=None)),
    End(EndKind.DIED, 9.0, "it \u201cdied\u201d\n", ("a", "b")),
]


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path / "results", "20240105-101500-core")


def written(folder: RunFolder, *records: RawRecord, variant: str = "one", trial: int = 1) -> Path:
    writer = folder.trial_writer(variant, trial)
    for record in records:
        writer.write(record)
    writer.close()
    return folder.path / "samples" / variant / f"{trial}.jsonl"


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_a_record_comes_back_as_it_was_written(folder: RunFolder, record: RawRecord) -> None:
    path = written(folder, record)

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


def test_a_record_is_in_the_file_as_soon_as_it_is_written(folder: RunFolder) -> None:
    writer = folder.trial_writer("one", 1)
    writer.write(RECORDS[0])
    path = folder.path / "samples/one/1.jsonl"

    assert len(path.read_bytes().splitlines()) == 1
    writer.close()


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
    found = list(read_records(path))

    assert found == RECORDS[1 : 1 + len(found)]
    assert len(found) >= whole[:cut].count(b"\n")


@pytest.mark.parametrize(
    "damage",
    [
        b'{"record":"sample"',
        b"5",
        b"[]",
        b"null",
        b'{"record":"nonsense"}',
        b'{"record":"sample","memory_bytes":1}',
        b'{"record":"trough","index":0,"sample":5,"probe":null,"quiet_seconds":1,"still":true}',
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
    early, full = raw.trough(0, 60 * raw.MIB, full=False), raw.trough(0)
    written(folder, raw.start(), raw.trough(-1), early, full, raw.trough(1, full=False))

    ((trial,),) = folder.read_trials().values()

    assert [(trough.index, trough.full) for trough in trial.troughs] == [
        (-1, True),
        (0, True),
        (1, False),
    ]
    assert trial.troughs[1] == full


@pytest.mark.parametrize("kinds", [(True, True), (True, False), (False, False)])
def test_no_other_two_troughs_of_a_block_are_read(
    folder: RunFolder, kinds: tuple[bool, bool]
) -> None:
    written(folder, raw.start(), *(raw.trough(0, full=kind) for kind in kinds))

    with pytest.raises(LabError, match="index: 0 where 1 is expected"):
        folder.read_trials()


def test_trials_are_in_the_order_of_their_numbers(folder: RunFolder) -> None:
    for number in (10, 2, 1):
        written(folder, raw.start(trial=number), trial=number)
    (folder.path / "samples/one/notes.jsonl").write_text("not ours", encoding="utf-8")

    assert [trial.start.trial for trial in folder.read_trials()["one"]] == [1, 2, 10]


def test_an_experiment_comes_back_as_it_was_written(folder: RunFolder) -> None:
    experiment = raw.experiment(
        "a", "b", elapsed_seconds=None, missing=(Missing("b", "its image was not built"),)
    )
    folder.write_experiment(experiment)

    assert folder.read_experiment() == experiment


@pytest.mark.parametrize("text", ["", "{", "[]", "5", "{}", '{"schema_version": "1.0"}'])
def test_a_damaged_experiment_is_one_clear_error(folder: RunFolder, text: str) -> None:
    (folder.path / "experiment.json").write_text(text, encoding="utf-8")

    with pytest.raises(LabError, match=r"experiment\.json cannot be read"):
        folder.read_experiment()


def test_a_run_of_the_same_second_gets_a_number(tmp_path: Path) -> None:
    names = [RunFolder.create(tmp_path, "now-core").id for _ in range(3)]

    assert names == ["now-core", "now-core-2", "now-core-3"]


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
    with pytest.raises(UsageError, match="no run exists yet, start one with make repro"):
        find_run(tmp_path, "latest")


def test_results_that_cannot_be_made_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")

    with pytest.raises(UsageError, match="cannot be made"):
        check_writable(tmp_path / "file" / "results")


@NOT_ROOT
def test_a_read_only_folder_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    with pytest.raises(UsageError, match="not writable for user"):
        check_writable(tmp_path)


def test_a_folder_of_somebody_else_is_refused_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)

    with pytest.raises(UsageError, match=r"run `chown \d+:\d+ results`"):
        RunFolder.create(tmp_path, "run")


def test_a_report_replaces_the_one_before(folder: RunFolder) -> None:
    folder.write_report({"report.md": "old"})
    folder.write_report({"report.md": "new"})

    assert (folder.path / "report.md").read_text(encoding="utf-8") == "new"
    assert [path.name for path in folder.path.iterdir()] == ["report.md"]


def test_every_line_of_a_raw_file_is_json_by_itself(folder: RunFolder) -> None:
    path = written(folder, *RECORDS)

    kinds = [json.loads(line)["record"] for line in path.read_text("ascii").splitlines()]
    assert kinds[0] == "start"
    assert len(kinds) == len(RECORDS)
