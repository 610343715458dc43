"""Which samples a raw file keeps where it has not room for all: ever fewer, to the end."""

from lab.records.observations import Pause, Sample
from lab.records.trial import End, RawRecord

STEPS = 32
"""Steps in which the room of a file fills; half of them keep all samples."""


class SampleThinning:
    """Keeps all samples, then every second, every fourth, ... as their room in a file fills.

    Each time without samples becomes a pause, as it is not a gap: what is left out was measured.
    """

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes, self.used_bytes = most_bytes, 0
        self.left_out = 0
        """Samples that were left out so far."""
        self.since_kept = 0
        self.since_seconds: float | None = None
        """When the last sample was kept, or a pause of the lab's own ended after that."""
        self.left_out_since_kept = False

    def kept(self, record: RawRecord) -> tuple[RawRecord, ...]:
        """The record, and before it the pause that it ends; nothing for a sample that is left out.

        Any record but a sample is kept.
        """
        if isinstance(record, Sample):
            return self.kept_sample(record)
        if isinstance(record, Pause):
            before = self.pause_until(record.started_at_seconds)
            self.since_seconds = record.ended_at_seconds
            return (*before, record)
        if isinstance(record, End):
            return (*self.pause_until(record.at_seconds), record)
        return (record,)

    def kept_sample(self, sample: Sample) -> tuple[RawRecord, ...]:
        self.since_kept += 1
        if self.since_seconds is not None and self.since_kept < self.stride():
            self.left_out, self.left_out_since_kept = self.left_out + 1, True
            return ()
        pause = self.pause_until(sample.read_at_seconds)
        self.since_kept, self.since_seconds = 0, sample.read_at_seconds
        return (*pause, sample)

    def pause_until(self, until_seconds: float) -> tuple[Pause, ...]:
        """The pause that stands for what was left out before that moment, where something was."""
        dropped, since_seconds = self.left_out_since_kept, self.since_seconds
        self.left_out_since_kept = False
        if not dropped or since_seconds is None or until_seconds <= since_seconds:
            return ()
        return (Pause(since_seconds, until_seconds),)

    def stride(self) -> int:
        """The number of samples of which one is kept.

        It is 1 while half of the room is free, then twice as many with each `STEPS`-th of the room
        that fills, which holds a load of any length.
        """
        filled = STEPS * self.used_bytes // max(self.most_bytes, 1)
        return 1 << max(filled - STEPS // 2 + 1, 0)
