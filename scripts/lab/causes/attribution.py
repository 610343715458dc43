"""Who holds the memory, as far as the ledger inside the workers says; proven by nothing yet."""

from lab.records.observations import Trough, WorkerReading
from lab.records.trial import Trial

MOST_OF_GROWTH = 0.8
"""A part that explains four fifths of the growth names the cause."""
WORTH_NAMING_BYTES = 10 << 20
"""What the verdict calls flat needs no cause."""


def ledger(trough: Trough, workers: int) -> tuple[int, int, int] | None:
    """Bytes in use, bytes kept free, and arenas over all workers; None with a gap."""
    readings = trough.probe.workers if trough.probe else ()
    rows = [row for worker in readings if (row := allocator_cause_of(worker)) is not None]
    if len(rows) < workers:
        return None
    in_use, free, arenas = (sum(column) for column in zip(*rows, strict=True))
    return in_use, free, arenas


def allocator_cause_of(worker: WorkerReading) -> tuple[int, int, int] | None:
    if worker.in_use_bytes is None or worker.free_bytes is None or worker.arenas is None:
        return None
    return worker.in_use_bytes, worker.free_bytes, worker.arenas


def likely_cause(trial: Trial) -> str | None:
    """The likely cause of a growth in the design's words; None when nothing grew or nobody knows.

    Memory that the allocator keeps free in more arenas than before is held by thread arenas;
    memory in use by the program is live objects.
    """
    troughs = sorted(trial.troughs, key=lambda trough: trough.index)
    if len(troughs) < 2 or troughs[0].index != -1:
        return None
    growth = troughs[-1].sample.memory_bytes - troughs[0].sample.memory_bytes
    workers = trial.start.variant.axes.workers
    before, after = (ledger(trough, workers) for trough in (troughs[0], troughs[-1]))
    if growth < WORTH_NAMING_BYTES or before is None or after is None:
        return None
    if after[1] - before[1] >= MOST_OF_GROWTH * growth:
        return "thread arenas (likely)" if after[2] > before[2] else "fragmentation (likely)"
    if after[0] - before[0] >= MOST_OF_GROWTH * growth:
        return "live objects (likely)"
    return None
