"""The protocol by which a run asks for judgements; measuring itself judges nothing."""

from collections.abc import Collection
from pathlib import Path
from typing import Protocol

from lab.store.run_folder import RunFolder


class Decider(Protocol):
    """Judges raw files while a run goes on.

    All are called on threads. `variants_to_repeat` and `status_line` never run twice at once.
    """

    def is_decided(self, raw_file: Path) -> bool:
        """Whether the trial so far needs none of the blocks that are left; asked after each block
        of a load that may be extended."""
        ...

    def needs_more_load(self, raw_file: Path) -> bool:
        """Whether the verdict on the trial so far needs more load."""
        ...

    def variants_to_repeat(self, folder: RunFolder, names: tuple[str, ...]) -> Collection[str]:
        """Which of the finished variants need one more trial; called once, at the end."""
        ...

    def status_line(self, folder: RunFolder, names: tuple[str, ...]) -> str | None:
        """A line such as `claims decided 12 of 42` on the finished variants; None for no line."""
        ...


class NoDecider:
    """Judges nothing: each trial is as long as it was planned, and none is repeated."""

    def is_decided(self, _: Path) -> bool:
        return False

    def needs_more_load(self, _: Path) -> bool:
        return False

    def variants_to_repeat(self, _: RunFolder, __: tuple[str, ...]) -> Collection[str]:
        return ()

    def status_line(self, _: RunFolder, __: tuple[str, ...]) -> str | None:
        return None


NO_DECIDER = NoDecider()
