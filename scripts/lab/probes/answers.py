"""An answer of a probe as a record; an answer of another shape is a gap."""

import json
from typing import Any, TypeVar

from lab.records.codec import ShapeError, decode, encode
from lab.units import MIB

MAX_RECORD_BYTES = MIB
"""The most bytes of a record as written; a raw file with a line of 4 MiB is refused."""

R = TypeVar("R")


def record_of(kind: type[R], answer: Any) -> R | None:
    """The answer as a record; None when it has another shape, or is too large to be written."""
    try:
        record: R = decode(kind, answer)
    except (ShapeError, RecursionError):
        return None
    return record if fits(record) else None


def fits(record: Any) -> bool:
    """Whether the record is short enough for a line of a raw file."""
    return len(json.dumps(encode(record))) <= MAX_RECORD_BYTES
