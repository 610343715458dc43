"""The room for the raw files of a run, and the share of it that each trial gets.

More than `MOST_RAW_BYTES` of a run are not read, so more are not written: each trial gets a share
of what is left, and what it does not use is for those that follow.
"""

from pathlib import Path

from lab.records.run_limits import MOST_WRITTEN_BYTES, expected_bytes
from lab.store.layout import raw_files
from lab.store.trial_writer import TrialWriter

TYPICAL_BYTES = expected_bytes(8, 1)
LEAST_PARTS = 8
"""A trial gets no more than this part of the room, though none is known to follow: some repeat."""
LEAST_SHARE_BYTES = 16_000
"""With less a trial is not begun: eight blocks of one worker do not fit."""


class RawRoom:
    """The bytes that the raw files of one run may still get, shared by weight."""

    def __init__(self, run: Path, most_bytes: int = MOST_WRITTEN_BYTES) -> None:
        self.run, self.most_bytes = run, most_bytes
        self.to_come = 0
        """Weights of the trials that are still to be opened, as far as they are known."""
        self.open: list[TrialWriter] = []

    def expect(self, weight: int) -> None:
        """Share the room from now on among trials of this weight in all."""
        self.to_come = weight

    def opened(self, path: Path, weight: int = TYPICAL_BYTES) -> TrialWriter:
        """The writer of a new raw file, with its share of what is left.

        Args:
            path: the raw file.
            weight: the bytes that the trial is expected to need, in relation to the others.
        """
        share_bytes = self.left_bytes() * weight // max(self.to_come, LEAST_PARTS * weight)
        self.to_come = max(self.to_come - weight, 0)
        writer = TrialWriter(path, share_bytes)
        writer.full = share_bytes < LEAST_SHARE_BYTES
        self.open.append(writer)
        return writer

    def left_bytes(self) -> int:
        """What neither the files that are there have nor the trials under way may need."""
        self.open = [writer for writer in self.open if not writer.file.closed]
        under_way = {writer.path for writer in self.open}
        closed = [path for path in raw_files(self.run) if path not in under_way]
        used_bytes = sum(path.stat().st_size for path in closed)
        used_bytes += sum(writer.most_bytes for writer in self.open)
        return max(self.most_bytes - used_bytes, 0)
