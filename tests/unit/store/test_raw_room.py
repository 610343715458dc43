"""No run writes more than is read: each trial has its share, and keeps fewer samples within it."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from builders import raw
from lab.records.observations import Pause, Sample
from lab.records.run_limits import (
    MOST_PLANNED_TRIALS,
    MOST_WRITTEN_BYTES,
    expected_bytes,
)
from lab.records.trial import End, EndKind, Trial
from lab.store.layout import check_run, raw_files
from lab.store.raw_room import LEAST_PARTS, LEAST_SHARE_BYTES, RawRoom
from lab.store.run_folder import RunFolder
from lab.store.sample_thinning import SampleThinning
from lab.store.trial_reader import read_trial
from lab.store.trial_writer import TrialWriter
from lab.verdict.validity import caveats, conditions_of

END = End(EndKind.COMPLETE, 1e6)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path, "run")


def total_bytes(folder: RunFolder) -> int:
    return sum(path.stat().st_size for path in folder.raw_files())


def write_trial(writer: TrialWriter, samples: int, blocks: int = 8) -> None:
    """A trial with so many samples a second apart, its blocks among them."""
    writer.write(raw.start(blocks=blocks))
    writer.write(raw.trough(-1))
    for block in range(blocks):
        for second in range(block * samples // blocks, (block + 1) * samples // blocks):
            writer.write(raw.sample(at=float(second)))
        writer.write(raw.block(block))
        writer.write(raw.trough(block))
    writer.write(END)
    writer.close()


def read(path: Path) -> Trial:
    trial = read_trial(path)
    assert trial is not None
    return trial


def test_the_most_trials_of_a_run_with_many_samples_each_are_read(
    folder: RunFolder,
) -> None:
    """At a thirtieth of both limits."""
    trials, most_bytes = MOST_PLANNED_TRIALS // 30, MOST_WRITTEN_BYTES // 30
    folder.room = RawRoom(folder.path, most_bytes)
    folder.room.expect(trials * expected_bytes(8, 1))
    for number in range(1, trials + 1):
        write_trial(folder.trial_writer("one", number, expected_bytes(8, 1)), samples=300)

    check_run(folder.path)
    assert 0.4 * most_bytes < total_bytes(folder) <= most_bytes
    for path in raw_files(folder.path)[: trials // 2]:
        trial = read(path)
        assert [len(each) for each in (trial.blocks, trial.troughs)] == [8, 9]
        assert trial.end is not None
        assert trial.end.samples_left_out == 300 - len(trial.samples) > 0


def test_a_share_is_by_weight_and_what_is_not_used_is_for_the_others(folder: RunFolder) -> None:
    room = RawRoom(folder.path)
    room.expect(90_000)
    first = room.opened(folder.path / "samples/one/1.jsonl", 3_000)
    second = room.opened(folder.path / "samples/one/2.jsonl", 6_000)
    first.close()
    third = room.opened(folder.path / "samples/one/3.jsonl", 3_000)

    assert second.most_bytes == pytest.approx(MOST_WRITTEN_BYTES / 15, rel=0.01)
    assert first.most_bytes == pytest.approx(second.most_bytes / 2, rel=0.01)
    assert third.most_bytes > first.most_bytes
    assert room.left_bytes() == MOST_WRITTEN_BYTES - second.most_bytes - third.most_bytes
    for writer in (second, third):
        writer.close()


def test_without_a_share_that_is_worth_it_nothing_but_start_and_end_is_written(
    folder: RunFolder,
) -> None:
    path = folder.path / "samples/one/1.jsonl"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x" * (MOST_WRITTEN_BYTES - LEAST_PARTS * LEAST_SHARE_BYTES + 1))

    writer = folder.trial_writer("two", 1)
    assert writer.full
    write_trial(writer, samples=10)
    trial = read(writer.path)
    assert (trial.samples, trial.blocks, trial.troughs) == ((), (), ())
    assert trial.end is not None


def test_a_file_ends_before_the_record_that_has_no_room_and_keeps_its_end(tmp_path: Path) -> None:
    writer = TrialWriter(tmp_path / "1.jsonl", 20_000)
    write_trial(writer, samples=1_000, blocks=100)

    trial = read(writer.path)
    assert writer.full
    assert not writer.has_room_for(0)
    assert 10 < len(trial.blocks) < 100
    assert [block.index for block in trial.blocks] == [*range(len(trial.blocks))]
    assert trial.end is not None
    assert writer.path.stat().st_size <= 20_000


def test_a_log_is_shortened_from_its_beginning_where_there_is_no_room(tmp_path: Path) -> None:
    writer = TrialWriter(tmp_path / "1.jsonl", 20_000)
    writer.write(raw.start())
    lines = tuple(f"{number:02} {chr(0x1F600) * 300}" for number in range(60))
    writer.write(End(EndKind.DIED, 1.0, "it died", lines))
    writer.close()

    end = read(writer.path).end
    assert end is not None
    assert end.log_tail == lines[-len(end.log_tail) :]
    assert 1 <= len(end.log_tail) < 10
    assert writer.path.stat().st_size <= 20_000


def test_room_for_more_leaves_the_samples_their_part(tmp_path: Path) -> None:
    writer = TrialWriter(tmp_path / "1.jsonl", 100_000)
    assert writer.has_room_for(73_000 - writer.used_bytes)
    assert not writer.has_room_for(76_000)
    writer.close()


def written_by(thinning: SampleThinning, samples: int, line_bytes: int = 400) -> list[object]:
    records: list[object] = []
    for second in range(samples):
        kept = thinning.kept(raw.sample(at=float(second)))
        thinning.used_bytes += line_bytes * sum(isinstance(each, Sample) for each in kept)
        records += kept
    return records


def test_while_there_is_room_every_sample_is_kept() -> None:
    records = written_by(SampleThinning(400 * 100), 50)
    assert len(records) == 50


@pytest.mark.parametrize("samples", [51, 100, 1_000, 20_000])
def test_samples_become_fewer_to_the_end_and_never_fill_more_than_their_part(samples: int) -> None:
    thinning = SampleThinning(400 * 100)
    records = written_by(thinning, samples)
    kept = [each for each in records if isinstance(each, Sample)]

    assert len(kept) <= 100
    assert len(kept) + thinning.left_out == samples
    assert kept[-1].read_at_seconds > 0.4 * samples


def test_what_is_left_out_is_a_pause_and_no_gap(tmp_path: Path) -> None:
    writer = TrialWriter(tmp_path / "1.jsonl", 60_000)
    write_trial(writer, samples=400)

    trial = read(writer.path)
    told = [caveat.sentence for caveat in caveats(conditions_of(trial))]
    assert max(b - a for a, b in pairwise(s.read_at_seconds for s in trial.samples)) > 3
    assert len(told) == 1
    assert told[0].startswith(f"{400 - len(trial.samples)} samples were left out of the raw file")


def test_a_pause_of_left_out_samples_ends_where_a_pause_of_the_lab_begins() -> None:
    thinning = SampleThinning(400 * 4)
    thinning.used_bytes = 850  # every fourth sample is kept

    def after(record: object) -> Sequence[tuple[float, float]]:
        kept = thinning.kept(record)  # type: ignore[arg-type]
        pauses = [each for each in kept if isinstance(each, Pause)]
        return [(each.started_at_seconds, each.ended_at_seconds) for each in pauses]

    for second in (1.0, 2.0, 3.0):
        assert after(raw.sample(at=second)) == []
    assert after(Pause(2.5, 9.0)) == [(1.0, 2.5), (2.5, 9.0)]
    assert after(raw.sample(at=10.0)) == []
    assert after(raw.sample(at=11.0)) == [(9.0, 11.0)]
    assert after(raw.sample(at=12.0)) == []
    assert after(End(EndKind.COMPLETE, 14.0)) == [(11.0, 14.0)]
