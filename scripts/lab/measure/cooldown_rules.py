"""When a quiet is over: long enough for the server's own timers, and everything holds still."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lab.matrix.servers import min_cooldown_seconds
from lab.records.observations import Axes, ProbeReading, Sample
from lab.records.sums import open_descriptors

WATCHED_SECONDS = 2.0
"""The trough must agree with a look from so long before; each reading of the engine costs as much
CPU as half a request, so nothing is looked at in between."""
STABLE_READINGS = 3
"""That agree, where readings are taken once a second."""
STABLE_BYTES = 256 * 1024
"""Two thirds of the least noise between troughs; a worker's own timers touch less."""


@dataclass(frozen=True, slots=True)
class Waits:
    """How long a trial waits, and for what; tests wait less."""

    ready_seconds: float = 90.0
    """For the server's first answer: gunicorn with 12 workers on a busy core needs a third."""
    ready_poll_seconds: float = 0.3
    reading_seconds: float = 10.0
    """For one reading: they come once a second; ten without one are a gap."""
    min_cooldown_seconds: Callable[[Axes], float] = min_cooldown_seconds
    watched_seconds: float = WATCHED_SECONDS
    """Between two looks that must agree; the last of them is the trough."""
    patience_seconds: float = 15.0
    """For stillness past the least quiet, before it is said that there was none."""
    orphaned_seconds: float = 16.0
    """After its master is killed a worker has this long to leave: past gunicorn's own timers."""


WAITS = Waits()


@dataclass(frozen=True, slots=True)
class Look:
    """What must hold still, at one moment."""

    memory_bytes: int
    tasks: int | None
    descriptors: int | None


def look_of(probe: ProbeReading | None, sample: Sample | None) -> Look | None:
    """From inside as far as it is known there, else by the engine; None: nobody saw anything."""
    inside = probe.memory_bytes if probe else None
    outside = sample.memory_bytes if sample else None
    memory_bytes = outside if inside is None else inside
    if memory_bytes is None:
        return None
    if probe is None:
        return Look(memory_bytes, sample.pids if sample else None, None)
    tasks = sum(process.threads for process in probe.processes)
    return Look(memory_bytes, tasks, open_descriptors(probe.processes))


def agree(earlier: Look | None, later: Look | None) -> bool:
    """Whether everything held still between two looks; what nobody saw did not."""
    if earlier is None or later is None:
        return False
    return (
        abs(later.memory_bytes - earlier.memory_bytes) <= STABLE_BYTES
        and later.tasks == earlier.tasks
        and later.descriptors == earlier.descriptors
    )


def memory_is_stable(samples: Sequence[Sample], readings: int = STABLE_READINGS) -> bool:
    """Whether the last so many readings agree in memory and tasks; fewer do not."""
    last = samples[-readings:]
    if len(last) < readings:
        return False
    sizes = [sample.memory_bytes for sample in last]
    tasks = {sample.pids for sample in last}
    return max(sizes) - min(sizes) <= STABLE_BYTES and len(tasks) == 1
