"""A JSON document of a run as the record that it holds; hostile until it is decoded."""

import json
from pathlib import Path
from typing import Any, TypeVar

from lab.errors import LabError
from lab.files import MOST_JSON_BYTES, read_bytes, write_file
from lab.records.codec import ShapeError, decode, encode
from lab.text.phrases import clipped

T = TypeVar("T")
UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""Exceptions in which JSON ends that does not have the shape of a record."""
MOST_FAULT_CHARACTERS = 200


def read_record(path: Path, record: type[T], most_bytes: int = MOST_JSON_BYTES) -> T:
    """The record that a document of at most so many bytes holds.

    Raises:
        LabError: the document is missing, not a regular file, or does not have the record's shape.
    """
    content = read_bytes(path, most_bytes)
    try:
        value: T = decode(record, json.loads(content))
    except UNREADABLE as error:
        raise LabError(
            f"run {path.parent.name}: {path.name} cannot be read: {fault_text(error)}; restore it"
        ) from error
    return value


def write_record(path: Path, record: Any) -> None:
    write_file(path, json.dumps(encode(record), indent=2) + "\n")


def fault_text(error: Exception) -> str:
    """Why JSON cannot be used, on one line of bounded length."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, ShapeError):
        return str(error)
    return clipped(repr(error), MOST_FAULT_CHARACTERS)
