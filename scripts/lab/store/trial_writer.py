"""The raw file of one trial, written: a record a line, `{"record": <its tag>, ...}`.

A line is flushed as soon as its record is known, so that an interruption loses nothing measured.
"""

import json
from pathlib import Path

from lab.files import new_file
from lab.records.codec import encode
from lab.records.trial import TAGS, RawRecord


class TrialWriter:
    """The open raw file of one trial."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.file = new_file(path)

    def write(self, record: RawRecord) -> None:
        line = {"record": TAGS[type(record)], **encode(record)}
        self.file.write(json.dumps(line, separators=(",", ":")) + "\n")
        self.file.flush()

    def close(self) -> None:
        self.file.close()
