"""What all trials of a run share."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lab.engines.protocol import Engine
from lab.load.request_mix import UserApp
from lab.measure.cooldown_rules import WAITS, Waits
from lab.measure.progress import Progress
from lab.measure.slots import Slots
from lab.settings import Settings
from lab.store.run_folder import RunFolder


@dataclass(frozen=True, slots=True)
class RunContext:
    """What all trials of a run share."""

    engine: Engine
    settings: Settings
    lanes: Slots
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
    guests: Mapping[str, UserApp] = field(default_factory=dict)
    """Own apps, by their variants' names."""
