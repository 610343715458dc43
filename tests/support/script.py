"""What a scripted variant does, as tests write it down."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from lab.records.observations import Calibration

ScriptedCurve: TypeAlias = Sequence[int] | Callable[[int], int]
"""A value a reading, the last one for ever; or a function of the requests that were served."""


class Orphans(Enum):
    """What the workers do when their master is killed."""

    STAY = "stay"
    LEAVE = "leave"
    END = "end"
    """They leave, and the container with them."""


@dataclass(frozen=True, slots=True)
class Script:
    """What one variant does."""

    memory_bytes: ScriptedCurve = (20 << 20,)
    pids: ScriptedCurve = (3,)
    status: int | None = 200
    """What the workload answers; None: the connection is closed without an answer."""
    dies_after_requests: int | None = None
    """0: before the first answer to anything."""
    hangs_after_requests: int | None = None
    """Then nothing is answered any more, and no connection is closed."""
    killed_at_limit: bool = False
    """Whether that death is one at the memory limit."""
    never_ready: bool = False
    cannot_start: str = ""
    """Why the engine refuses to start it."""
    log: tuple[str, ...] = ()
    calibration: Calibration | None = None
    peak_bytes: int | None = None
    memory_inside_bytes: int | None = None
    """What its cgroup holds, as the probes tell it."""
    companion_seconds: float = 0.0
    """How long every other path but the workload's waits for its answer."""
    replaced_after_requests: int | None = None
    """Then its first worker is killed for memory, and a new one listens on another port."""
    orphans: Orphans = Orphans.STAY
    trimmed_bytes: int | None = None
    """What it shows once its allocators were trimmed."""


def value_at(curve: ScriptedCurve, reading: int, served: int) -> int:
    return curve(served) if callable(curve) else curve[min(reading, len(curve) - 1)]
