"""An app's description as it is handed from one step of `make try` to the next, read only once."""

import json
from pathlib import Path

from lab.app.spec import AppSpec
from lab.records.codec import decode, encode

RECORD = "described.json"


def as_line(description: AppSpec) -> str:
    """The description as one line of JSON."""
    return json.dumps(encode(description))


def write_described(file: Path, description: AppSpec) -> None:
    """Write the description for the next step."""
    file.write_text(as_line(description) + "\n", encoding="utf-8")


def read_described(file: Path) -> AppSpec:
    """The description that an earlier step wrote.

    Raises:
        OSError: the file cannot be read.
        ShapeError: it is not a description.
    """
    spec: AppSpec = decode(AppSpec, json.loads(file.read_text(encoding="utf-8")))
    return spec
