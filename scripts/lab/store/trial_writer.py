"""The raw file of one trial, written: a record a line, `{"record": <its tag>, ...}`.

A line is flushed as soon as its record is known, so that an interruption loses nothing measured.
"""

import contextlib
import json
from pathlib import Path

from lab.errors import WriteError
from lab.files import new_file
from lab.records.codec import encode
from lab.records.trial import TAGS, RawRecord


class TrialWriter:
    """The open raw file of one trial."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.file = new_file(path)
        self.fault: WriteError | None = None
        """Why nothing more is written, once something could not be."""

    def write(self, record: RawRecord) -> None:
        """Write one line. After a failure nothing more is written, so that a line which was cut off
        stays the last; `check` raises it.
        """
        if self.fault is not None:
            return
        line = {"record": TAGS[type(record)], **encode(record)}
        try:
            self.file.write(json.dumps(line, separators=(",", ":")) + "\n")
            self.file.flush()
        except OSError as error:
            self.fault = WriteError(
                f"the raw files cannot be written: {error.strerror or error}; what was written is "
                "kept: make room in RESULTS, and go on with RESUME"
            )

    def check(self) -> None:
        """Raise what kept a record from being written.

        Raises:
            WriteError: a record could not be written.
        """
        if self.fault is not None:
            raise self.fault

    def close(self) -> None:
        # What could not be written is tried once more here.
        with contextlib.suppress(OSError):
            self.file.close()
