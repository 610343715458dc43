"""JSON from outside becomes a record of its fields' types, or one line says why it does not."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builders import raw
from lab.commands.rebuild import rebuild
from lab.errors import LabError
from lab.records.codec import ShapeError, decode, encode
from lab.records.experiment import Experiment
from lab.records.interventions import InterventionPlan
from lab.records.observations import AllocationTrace, Sample
from lab.records.trial import End, TrialStart
from lab.store.run_folder import RunFolder
from lab.store.trial_reader import read_records
from lab.units import MIB

SEED, CASES = 19, 80
FORMER = {
    **{"control": "beside", "repetition": "again"},
    **{"cooldown_seconds": "quiet_seconds", "stable": "still"},
}
VALUES = (-1, 0, 2, -7.5, 1e15, -(10**15), 1e308, 2**63, 10**400, 5e-324)
VALUES += (True, None, "1", "", [], {}, [1], float("nan"), float("inf"))


def of(known: Any, **changes: Any) -> Any:
    return {**json.loads(json.dumps(encode(known))), **changes}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"memory_bytes": "1"}, "memory_bytes: '1' where int is expected"),
        ({"memory_bytes": True}, "memory_bytes: True where int is expected"),
        ({"memory_bytes": None}, "memory_bytes: None where int is expected"),
        ({"memory_bytes": 1.5}, "memory_bytes: 1.5 where int is expected"),
        ({"memory_bytes": 10**400}, "memory_bytes: 1000.*, a number out of range"),
        ({"pids": []}, r"pids: \[\] where None or int is expected"),
        ({"cpu_seconds": float("nan")}, "cpu_seconds: nan, a number out of range"),
        ({"cpu_seconds": float("inf")}, "cpu_seconds: inf, a number out of range"),
        ({"cpu_seconds": -1e308}, "cpu_seconds: -1e[+]308, a number out of range"),
        ({"x" * 500: 1}, "'x{50,58}… is not a field of Sample"),
        ({"source": "x" * 500}, None),
        ({"cpu_seconds": 5}, None),
        ({"pids": None}, None),
    ],
    ids=str,
)
def test_a_sample_has_numbers_of_its_types(changes: dict[str, Any], said: str | None) -> None:
    data = of(raw.sample(), **changes)
    if said is None:
        assert of(decode(Sample, data)) == data
        return
    with pytest.raises(ShapeError, match=f"^{said}$"):
        decode(Sample, data)


@pytest.mark.parametrize(
    ("record", "data", "said"),
    [
        (Sample, [], r"\[\] where an object is expected"),
        (Sample, {}, "a field of Sample is missing"),
        (
            End,
            {"kind": "happy", "at_seconds": 1},
            "kind: 'happy' where one of complete, died, never ready, ",
        ),
        (End, {"kind": [], "at_seconds": 1}, r"kind: \[\] where str is expected"),
        (End, {"kind": "died", "at_seconds": 1, "log_tail": "ab"}, "log_tail: 'ab' where a list"),
        (End, {"kind": "died", "at_seconds": 1, "log_tail": [1]}, "log_tail: 1 where str is"),
        (AllocationTrace, {"types": {"a": "b"}}, "types: 'b' where int is expected"),
        (AllocationTrace, {"types": []}, r"types: \[\] where an object is expected"),
        (Experiment, {"engine": 5}, "engine: 5 where an object is expected"),
        (Experiment, {"engine": {"notes": 5}}, "engine: notes: 5 where a list is expected"),
        (
            TrialStart,
            of(raw.start(), variant={"load": {"blocks": "x"}}),
            "variant: load: blocks: '",
        ),
    ],
    ids=str,
)
def test_it_is_said_which_field_is_of_another_shape(record: type, data: Any, said: str) -> None:
    with pytest.raises(ShapeError, match=f"^{said}"):
        decode(record, data)


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (of(raw.start(), record="start", requests=0), "requests: 0 where at least 1 is expected"),
        (of(raw.start(), record="start", blocks=-1), "blocks: -1 where at least 1 is expected"),
        (
            of(raw.start(raw.variant(workers=0)), record="start"),
            "variant: axes: workers: 0 where at least 1",
        ),
        (of(raw.block(0, sent=5, ok=5), record="block", ok=6), "ok: 6 of 5 sent"),
        (of(raw.block(0, sent=5, ok=5), record="block", ok=-1), "ok: -1 of 5 sent"),
        (of(raw.trough(4), record="trough"), "index: 4 where 1 is expected"),
        (of(raw.trough(0), record="trough"), "index: 0 where 1 is expected"),
    ],
    ids=["requests", "blocks", "workers", "more-ok", "fewer-ok", "gap", "twice"],
)
def test_what_no_run_writes_is_one_line_with_its_place(
    tmp_path: Path, record: dict[str, Any], said: str
) -> None:
    before = (of(raw.trough(index), record="trough") for index in (-1, 0))
    path = tmp_path / "1.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in (*before, record)))

    with pytest.raises(LabError, match=f"1.jsonl, line 3 cannot be read: {said}"):
        list(read_records(path))


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = RunFolder.create(tmp_path, "run")
    folder.write_experiment(raw.experiment())
    summary = raw.trial(raw_sizes())
    writer = folder.trial_writer("py37-fastapi-sync", 1)
    assert summary.environment is not None
    assert summary.calibration is not None
    for record in (summary.start, summary.environment, summary.calibration, *summary.samples):
        writer.write(record)
    for known in (*summary.blocks, *summary.troughs):
        writer.write(known)
    assert summary.end is not None
    writer.write(summary.end)
    writer.close()
    return folder


def raw_sizes() -> tuple[int, ...]:
    return tuple((50 + 3 * index) * MIB for index in range(9))


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else ()
    for key, item in list(enumerate(value)) if isinstance(value, list) else items:
        yield from paths(item, (*path, key))


def changed(text: str, path: tuple[Any, ...], value: Any) -> str:
    whole = part = json.loads(text)
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    return json.dumps(whole)


def mutated(path: Path, chance: random.Random) -> str:
    """The file's text with one value of one of its records changed."""
    whole = path.read_text()
    lines = [whole] if path.suffix == ".json" else whole.splitlines()
    number = chance.randrange(len(lines))
    path = chance.choice(list(paths(json.loads(lines[number]))))
    lines[number] = changed(lines[number], path, chance.choice(VALUES))
    return "\n".join(lines) + "\n"


def test_whatever_one_value_becomes_the_run_is_rebuilt_or_refused_in_one_line(
    folder: RunFolder,
) -> None:
    chance = random.Random(SEED)
    files = [folder.path / "experiment.json", *folder.raw_files() * 3]
    refused = 0
    for _ in range(CASES):
        path = chance.choice(files)
        whole = path.read_text()
        path.write_text(mutated(path, chance))
        try:
            rebuild(folder)
        except LabError as error:
            refused += 1
            said = str(error)
            assert path.name in said
            assert (said.isprintable(), len(said) < 400) == (True, True)
        path.write_text(whole)

    assert CASES / 4 < refused < CASES


@pytest.mark.parametrize(
    "record",
    [
        InterventionPlan("shop", "own-shop", "own-shop-control", (), (), repetition="own-shop-2"),
        raw.trough(0, probe=None, stable=False),
    ],
    ids=lambda record: type(record).__name__,
)
def test_a_key_that_older_files_have_is_read_as_the_field_that_it_became(record: Any) -> None:
    today = encode(record)
    older = {FORMER.get(key, key): value for key, value in today.items()}
    former = next(key for key in older if key not in today)

    assert decode(type(record), older) == decode(type(record), today) == record
    with pytest.raises(ShapeError, match=rf"^{former}: \w+ is there as well"):
        decode(type(record), today | {former: older[former]})


def test_a_key_that_files_keep_is_written_and_read_for_its_field() -> None:
    record = raw.calibration()
    written = encode(record)

    assert list(written)[:2] == ["thread_kept_bytes", "loop_kept_bytes"]
    assert written["thread_kept_bytes"] == record.thread_retained_bytes
    assert decode(type(record), written) == record
    with pytest.raises(ShapeError, match="'thread_retained_bytes' is not a field of Calibration"):
        decode(type(record), written | {"thread_retained_bytes": 1})
