"""When a cooldown is over, and whether the server's own timers must run out in each.

A full cooldown outlasts the server's timers; a short one ends as soon as two readings agree. What
the timers still hold at the end of a short one is the residue. A trial measures it after its first
block, by a trough of each kind.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from lab.load.client import Timing
from lab.matrix.servers import min_cooldown_seconds
from lab.measure.host import busy_factor
from lab.records.observations import ProbeReading, Sample, Trough
from lab.records.readings import SLACK_BYTES, known_sum, open_descriptors, resident_bytes
from lab.records.variant import Axes
from lab.units import KIB, MIB

WATCHED_SECONDS = 2.0
"""Seconds between the two readings that must agree. Each reading of the engine costs as much CPU
as half a request, so none is taken in between."""
SHORT_WATCHED_SECONDS = 1.0
"""Seconds watched in a short cooldown. What that misses, it misses after each block alike."""
STABLE_READINGS = 3
"""Readings that must agree, where one is taken each second."""
STABLE_BYTES = 256 * KIB
"""Two thirds of the smallest noise between troughs; a worker's own timers touch less."""
LIVE_RESIDUE_BYTES = 64 * KIB
"""Live bytes are known to the byte; a block of 500 requests that leak 256 B each adds 125 KiB."""
GIVEN_BACK_BYTES = MIB
"""What timers hold is live. Memory that falls while live bytes stay was free in the allocator: 280
KiB of an endpoint that keeps nothing (measured)."""


@dataclass(frozen=True, slots=True)
class Waits:
    """How long a trial waits, and for what; tests wait less."""

    ready_seconds: float = 90.0
    """Limit for the server's first answer; gunicorn with 12 workers on one busy core needs 30 s."""
    busy_factor: Callable[[], float] = busy_factor
    """How many times longer that limit is while more processes want to run than there are CPUs."""
    ready_poll_seconds: float = 0.1
    reading_seconds: float = 10.0
    """Limit for one reading. Readings come once a second; ten seconds without one are a gap."""
    min_cooldown_seconds: Callable[[Axes, Collection[str] | None], float] = min_cooldown_seconds
    watched_seconds: float = WATCHED_SECONDS
    """Seconds between two readings that must agree; the last of them is the trough."""
    short_watched_seconds: float = SHORT_WATCHED_SECONDS
    """Seconds that a short cooldown is watched for."""
    patience_seconds: float = 15.0
    """Time limit for stable readings after the minimum cooldown; then the trough is not stable."""
    orphaned_seconds: float = 16.0
    """Time for a worker to exit after its master was killed; longer than gunicorn's own timers."""
    load: Timing = Timing()  # noqa: RUF009  # frozen
    """Time limits of the clients that send the load."""


WAITS = Waits()


@dataclass(frozen=True, slots=True)
class CooldownReading:
    """The readings that must become stable, at one moment."""

    memory_bytes: int
    tasks: int | None
    descriptors: int | None
    rss_bytes: int | None = None
    """The resident memory of all processes together; None where one of them is not known."""


def cooldown_reading(probe: ProbeReading | None, sample: Sample | None) -> CooldownReading | None:
    """The probe's reading where it has memory, else the engine's; None when neither has."""
    inside = probe.memory_bytes if probe else None
    outside = sample.memory_bytes if sample else None
    memory_bytes = outside if inside is None else inside
    if memory_bytes is None:
        return None
    if probe is None:
        return CooldownReading(memory_bytes, sample.pids if sample else None, None)
    tasks = sum(process.threads for process in probe.processes)
    return CooldownReading(
        memory_bytes, tasks, open_descriptors(probe.processes), resident_bytes(probe.processes)
    )


def agree(earlier: CooldownReading | None, later: CooldownReading | None) -> bool:
    """Whether two readings agree in everything; a missing reading agrees with none."""
    if earlier is None or later is None:
        return False
    return (
        memory_agrees(earlier, later)
        and later.tasks == earlier.tasks
        and later.descriptors == earlier.descriptors
    )


def memory_agrees(earlier: CooldownReading, later: CooldownReading) -> bool:
    """Whether memory stayed; what only its counter's slack moves is told by what is resident.

    One batch of that slack is 64 pages of 4 KiB, the whole of `STABLE_BYTES`.
    """
    moved_bytes = abs(later.memory_bytes - earlier.memory_bytes)
    if moved_bytes <= STABLE_BYTES:
        return True
    if moved_bytes > SLACK_BYTES or earlier.rss_bytes is None or later.rss_bytes is None:
        return False
    return abs(later.rss_bytes - earlier.rss_bytes) <= STABLE_BYTES


def is_without_residue(early: Trough | None, full: Trough | None) -> bool:
    """Whether the server's timers held nothing that counts at the end of a short cooldown.

    What they hold they give back: growth meanwhile is none of theirs.

    Args:
        early: the trough of a short cooldown.
        full: of a full one after the same block; one that is missing shows nothing.
    """
    if early is None or full is None or not early.stable:
        return False
    first, last = (cooldown_reading(trough.probe, trough.sample) for trough in (early, full))
    if first is None or last is None:
        return False
    early_live, full_live = live_bytes(early), live_bytes(full)
    is_counted = early_live is not None and full_live is not None
    return (
        first.memory_bytes - last.memory_bytes <= (GIVEN_BACK_BYTES if is_counted else STABLE_BYTES)
        and (first.tasks or 0) <= (last.tasks or 0)
        and (first.descriptors or 0) <= (last.descriptors or 0)
        and (early_live or 0) - (full_live or 0) <= LIVE_RESIDUE_BYTES
    )


def live_bytes(trough: Trough) -> int | None:
    """Live bytes of all workers; None where one of them is not known."""
    workers = trough.probe.workers if trough.probe else ()
    return known_sum((worker.live_bytes for worker in workers), max(1, len(workers)))


def memory_is_stable(samples: Sequence[Sample], readings: int = STABLE_READINGS) -> bool:
    """Whether the last `readings` samples agree in memory and tasks; False when there are fewer."""
    last = samples[-readings:]
    if len(last) < readings:
        return False
    sizes = [sample.memory_bytes for sample in last]
    tasks = {sample.pids for sample in last}
    return max(sizes) - min(sizes) <= STABLE_BYTES and len(tasks) == 1
