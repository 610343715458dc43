"""What all trials of a run share."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lab.engines import Engine
from lab.guest import Guest
from lab.lanes import Lanes
from lab.progress import Progress
from lab.quiet import WAITS, Waits
from lab.settings import Settings
from lab.store import RunFolder


@dataclass(frozen=True, slots=True)
class Session:
    """What all trials of a run share."""

    engine: Engine
    settings: Settings
    lanes: Lanes
    folder: RunFolder
    progress: Progress
    waits: Waits = WAITS
    wants_more: Callable[[Path], bool] = lambda _: False
    """Whether the trial whose raw file this is needs more load; who judges is not known here."""
    finished: frozenset[tuple[str, int]] = frozenset()
    """Variants and numbers of trials that an earlier part of the run brought to their end."""
    again: Callable[[tuple[str, ...]], Collection[str]] = lambda _: ()
    """Asked when all have run: which of these variants need one more trial."""
    told: Callable[[tuple[str, ...]], str | None] = lambda _: None
    """Told which variants have run so far; a line about what is known by them, if there is one."""
    guests: Mapping[str, Guest] = field(default_factory=dict)
    """Own apps, by their variants' names."""
