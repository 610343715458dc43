"""The raw file of one trial, read back: each line checked, then put together as a trial."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from lab.errors import LabError
from lab.files import name_in_folder, read_lines, unreadable
from lab.records.codec import ShapeError, decode
from lab.records.observations import (
    AllocationTrace,
    Block,
    Calibration,
    Pause,
    PostLoadObservation,
    Sample,
    Trough,
)
from lab.records.run_limits import MOST_BLOCKS
from lab.records.trial import (
    FORMER_TAGS,
    RECORDS,
    End,
    Environment,
    LoadFit,
    Prediction,
    RawRecord,
    Trial,
    TrialStart,
)
from lab.store.json_file import UNREADABLE, fault_text

MOST_RAW_LINES = 100_000
"""Lines of a raw file; one of 40 MiB has about 95,000 samples."""


def read_trial(path: Path) -> Trial | None:
    """One trial; None where not even its start was written.

    Raises:
        LabError: the file or a line before the last cannot be read.
    """
    records = list(read_records(path))
    starts = [record for record in records if isinstance(record, TrialStart)]
    if not starts:
        return None

    def last(kind: type) -> Any:
        return next((record for record in reversed(records) if type(record) is kind), None)

    def every(kind: type) -> tuple[Any, ...]:
        return tuple(record for record in records if type(record) is kind)

    fit = last(LoadFit)
    return Trial(
        start=replace(starts[0], requests=fit.requests) if fit else starts[0],
        environment=last(Environment),
        calibration=last(Calibration),
        prediction=last(Prediction),
        samples=every(Sample),
        blocks=every(Block),
        troughs=every(Trough),
        post_load=last(PostLoadObservation),
        pauses=every(Pause),
        trace=last(AllocationTrace),
        fit=fit,
        end=last(End),
    )


def read_records(path: Path) -> Iterator[RawRecord]:
    """The records of a raw file; a last line that was cut off is left out.

    Raises:
        LabError: the file or a line before the last cannot be read.
    """
    last: dict[type, Block | Trough] = {}
    for number, line in enumerate(read_lines(path), start=1):
        if number > MOST_RAW_LINES:
            raise unreadable(name_in_folder(path), f"it has more than {MOST_RAW_LINES:,} lines")
        if line == b"\n":
            continue
        try:
            record = read_line(line)
            check_counts(record)
            check_order(record, last)
        except UNREADABLE as error:
            if not line.endswith(b"\n") and not isinstance(error, RecursionError):
                return
            where = f"{name_in_folder(path)}, line {number}"
            raise LabError(
                f"raw file {where} cannot be read: {fault_text(error)}; restore or remove it"
            ) from error
        yield record


def read_line(line: bytes) -> RawRecord:
    """One record, of the type that its tag names."""
    data = json.loads(line.decode())
    tag = data.pop("record")
    record: RawRecord = decode(RECORDS[FORMER_TAGS.get(tag, tag)], data)
    return record


def check_counts(record: RawRecord) -> None:
    """Raise ShapeError for a block in which more requests succeed than were sent."""
    if isinstance(record, Block) and not 0 <= record.ok <= record.sent:
        raise ShapeError(f"ok: {record.ok} of {record.sent} sent")


def check_order(record: RawRecord, last: dict[type, Block | Trough]) -> None:
    """Raise ShapeError for a block or trough whose number does not follow the one before.

    Args:
        record: any record of the file.
        last: the last record of each kind; this record is added.
    """
    if not isinstance(record, Block | Trough):
        return
    before = last.get(type(record))
    expected = record.index if before is None else before.index + (not completes(record, before))
    if (record.index != expected and not skips(record, expected, last)) or expected < -1:
        raise ShapeError(f"index: {record.index} where {max(expected, -1)} is expected")
    if record.index >= MOST_BLOCKS:
        raise ShapeError(f"index: {record.index:,}, of {MOST_BLOCKS:,} blocks at most")
    last[type(record)] = record


def skips(record: Block | Trough, expected: int, last: dict[type, Block | Trough]) -> bool:
    """Whether troughs before this one are missing: one that had no reading was not written."""
    block = last.get(Block)
    return (
        isinstance(record, Trough) and block is not None and expected < record.index <= block.index
    )


def completes(record: Block | Trough, before: Block | Trough) -> bool:
    """Whether a record is the full trough of the block that the one before it was taken after."""
    if not isinstance(record, Trough) or not isinstance(before, Trough):
        return False
    return record.full and not before.full and record.index == before.index
