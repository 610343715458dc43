"""The raw file of one trial, written: a record a line, `{"record": <its tag>, ...}`.

A line is flushed as soon as its record is known, so that an interruption loses nothing measured.
"""

import contextlib
import json
from dataclasses import replace
from pathlib import Path

from lab.errors import WriteError
from lab.files import new_file
from lab.records.codec import encode
from lab.records.observations import Sample
from lab.records.run_limits import MOST_WRITTEN_BYTES, RECORDS_SHARE
from lab.records.trial import TAGS, End, RawRecord, TrialStart
from lab.store.sample_thinning import SampleThinning

SAMPLES_SHARE = 1 - RECORDS_SHARE
END_BYTES = 2_000
"""What is kept for the last line, whose log is shortened where there is no more."""


class TrialWriter:
    """The open raw file of one trial, which gets no larger than its share of a run."""

    def __init__(self, path: Path, most_bytes: int = MOST_WRITTEN_BYTES) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path, self.most_bytes = path, most_bytes
        self.file = new_file(path)
        self.used_bytes = 0
        self.samples = SampleThinning(int(most_bytes * SAMPLES_SHARE))
        self.full = False
        """Whether something other than samples had no room; only the end is written after that."""
        self.fault: WriteError | None = None
        """Why nothing more is written, once something could not be."""

    def write(self, record: RawRecord) -> None:
        """Write one record, and before it the pause that it ends; a sample may be left out.

        After a failure nothing more is written, so that a line which was cut off stays the last;
        `check` raises it.
        """
        for each in self.samples.kept(record):
            self.write_line(each, self.line_of(each))

    def line_of(self, record: RawRecord) -> str:
        if not isinstance(record, End):
            return line_of(record)
        end = replace(record, samples_left_out=self.samples.left_out)
        while len(line := line_of(end)) > self.room_bytes(0) and end.log_tail:
            end = replace(end, log_tail=end.log_tail[1:])
        return line

    def write_line(self, record: RawRecord, line: str) -> None:
        if self.fault is not None:
            return
        if not isinstance(record, TrialStart | End):
            self.full = self.full or len(line) > self.room_bytes(END_BYTES)
            if self.full:
                return
        try:
            self.file.write(line)
            self.file.flush()
        except OSError as error:
            self.fault = WriteError(
                f"the raw files cannot be written: {error.strerror or error}; what was written is "
                "kept: make room in RESULTS, and go on with RESUME"
            )
        self.used_bytes += len(line)
        if isinstance(record, Sample):
            self.samples.used_bytes += len(line)

    def room_bytes(self, kept_bytes: int) -> int:
        """The room that is left in the file's share but for these bytes."""
        return self.most_bytes - kept_bytes - self.used_bytes

    def has_room_for(self, bytes_more: float) -> bool:
        """Whether so many bytes more fit beside all samples that may still come."""
        samples_bytes = self.samples.most_bytes - self.samples.used_bytes
        fits = not bytes_more or bytes_more <= self.room_bytes(END_BYTES) - samples_bytes
        return fits and not self.full

    @property
    def record_bytes(self) -> int:
        """The bytes of all that was written but the samples."""
        return self.used_bytes - self.samples.used_bytes

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


def line_of(record: RawRecord) -> str:
    """A record as a line of a raw file; all of its characters are ASCII."""
    line = {"record": TAGS[type(record)], **encode(record)}
    return json.dumps(line, separators=(",", ":")) + "\n"
