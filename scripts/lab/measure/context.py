"""What all trials of a run share."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lab.engines.protocol import Engine
from lab.load.request_mix import UserApp
from lab.measure.budget import Budget
from lab.measure.cooldown_rules import WAITS, Waits
from lab.measure.decider import NO_DECIDER, Decider
from lab.measure.progress import RunProgress
from lab.measure.slots import Slots
from lab.settings import Settings
from lab.store.run_folder import RunFolder


@dataclass(frozen=True, slots=True)
class RunContext:
    """What all trials of a run share."""

    engine: Engine
    settings: Settings
    slots: Slots
    folder: RunFolder
    progress: RunProgress
    waits: Waits = WAITS
    decider: Decider = NO_DECIDER
    finished: frozenset[tuple[str, int]] = frozenset()
    """Variants and numbers of trials that an earlier part of the run brought to their end."""
    budget: Budget | None = None
    """The time for a trial that may be extended; None: it is not limited."""
    judged: str | None = None
    """The variant whose blocks load alone, while others run beside it to explain it."""
    compared: frozenset[str] = frozenset()
    """Variants that are compared: each has to serve its whole load, and the budget's whole time."""
    user_apps: Mapping[str, UserApp] = field(default_factory=dict)
    """User apps by the names of their variants."""
