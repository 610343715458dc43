"""The raw file of one trial: a record a line, written as it comes, and read back.

A line is `{"record": <kind>, ...}`; it is flushed as soon as it is known, so that an interruption
loses nothing that was measured.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lab.errors import LabError
from lab.records.codec import decode, encode
from lab.records.observations import (
    Aftermath,
    Block,
    Calibration,
    End,
    Environment,
    Explanation,
    Pause,
    Prediction,
    Sample,
    Trial,
    TrialStart,
    Trough,
)
from lab.store.safe_files import new_file, place, read_lines
from lab.text.phrases import clipped

Record = (
    TrialStart
    | Environment
    | Calibration
    | Prediction
    | Sample
    | Block
    | Trough
    | Aftermath
    | Pause
    | Explanation
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
    "aftermath": Aftermath,
    "pause": Pause,
    "explanation": Explanation,
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
    return clipped(repr(error), MOST_FAULT_CHARACTERS)


def read_records(path: Path) -> Iterator[Record]:
    """The records of a raw file; a last line that was cut off is left out.

    Raises:
        LabError: the file or a line before the last cannot be read.
    """
    for number, line in enumerate(read_lines(path), start=1):
        if line == b"\n":
            continue
        try:
            data = json.loads(line.decode())
            record: Record = decode(KINDS[data.pop("record")], data)
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
        aftermath=last(Aftermath),
        pauses=every(Pause),
        explanation=last(Explanation),
        end=last(End),
    )
