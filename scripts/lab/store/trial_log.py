"""The raw file of one trial: a record a line, written as it comes, and read back.

A line is `{"record": <kind>, ...}`; it is flushed as soon as it is known, so that an interruption
loses nothing that was measured.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lab.errors import LabError
from lab.files import new_file, place, read_lines
from lab.records.codec import ShapeError, decode, encode
from lab.records.observations import (
    AllocationTrace,
    Block,
    Calibration,
    Pause,
    PostLoadObservation,
    Sample,
    Trough,
)
from lab.records.trial import End, Environment, Prediction, Trial, TrialStart
from lab.text.phrases import clipped

Record = (
    TrialStart
    | Environment
    | Calibration
    | Prediction
    | Sample
    | Block
    | Trough
    | PostLoadObservation
    | Pause
    | AllocationTrace
    | End
)
KINDS: Mapping[str, type] = {
    "start": TrialStart,
    "environment": Environment,
    "calibration": Calibration,
    "prediction": Prediction,
    "sample": Sample,
    "block": Block,
    "trough": Trough,
    "aftermath": PostLoadObservation,
    "pause": Pause,
    "explanation": AllocationTrace,
    "end": End,
}
NAMES = {record: kind for kind, record in KINDS.items()}
UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What JSON of another shape than a record's ends in."""
MOST_FAULT_CHARACTERS = 200


class TrialWriter:
    """The raw file of one trial."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.file = new_file(path)

    def write(self, record: Record) -> None:
        line = {"record": NAMES[type(record)], **encode(record)}
        self.file.write(json.dumps(line, separators=(",", ":")) + "\n")
        self.file.flush()

    def close(self) -> None:
        self.file.close()


def fault_text(error: Exception) -> str:
    """Why JSON cannot be used, on one line of bounded length."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, ShapeError):
        return str(error)
    return clipped(repr(error), MOST_FAULT_CHARACTERS)


def check_counts(record: Record) -> None:
    """Counts that are divided by are at least 1, and no more requests succeed than were sent."""
    if isinstance(record, TrialStart):
        least_one = ("requests", "blocks", "concurrency", "matters_bytes")
        counts = {name: getattr(record, name) for name in least_one}
        counts["workers"] = record.variant.axes.workers
        for name, count in counts.items():
            if count < 1:
                raise ShapeError(f"{name}: {count} where at least 1 is expected")
    if isinstance(record, Block) and not 0 <= record.ok <= record.sent:
        raise ShapeError(f"ok: {record.ok} of {record.sent} sent")


def check_order(record: Record, last_index: dict[type, int]) -> None:
    """Blocks and troughs are numbered one by one, as they were written.

    Args:
        last_index: of each kind so far; is brought up to date.
    """
    if not isinstance(record, Block | Trough):
        return
    expected = last_index.get(type(record), record.index - 1) + 1
    if record.index != expected or expected < -1:
        raise ShapeError(f"index: {record.index} where {max(expected, -1)} is expected")
    last_index[type(record)] = record.index


def read_records(path: Path) -> Iterator[Record]:
    """The records of a raw file; a last line that was cut off is left out.

    Raises:
        LabError: the file or a line before the last cannot be read.
    """
    last_index: dict[type, int] = {}
    for number, line in enumerate(read_lines(path), start=1):
        if line == b"\n":
            continue
        try:
            data = json.loads(line.decode())
            record: Record = decode(KINDS[data.pop("record")], data)
            check_counts(record)
            check_order(record, last_index)
        except UNREADABLE as error:
            if not line.endswith(b"\n") and not isinstance(error, RecursionError):
                return
            where = f"{place(path)}, line {number}"
            raise LabError(
                f"raw file {where} cannot be read: {fault_text(error)}; restore or remove it"
            ) from error
        yield record


def read_trial(path: Path) -> Trial | None:
    """One trial; None when not even its start was written."""
    records = list(read_records(path))
    starts = [record for record in records if isinstance(record, TrialStart)]
    if not starts:
        return None

    def last(kind: type) -> Any:
        return next((record for record in reversed(records) if type(record) is kind), None)

    def every(kind: type) -> tuple[Any, ...]:
        return tuple(record for record in records if type(record) is kind)

    return Trial(
        start=starts[0],
        environment=last(Environment),
        calibration=last(Calibration),
        prediction=last(Prediction),
        samples=every(Sample),
        blocks=every(Block),
        troughs=every(Trough),
        aftermath=last(PostLoadObservation),
        pauses=every(Pause),
        explanation=last(AllocationTrace),
        end=last(End),
    )
