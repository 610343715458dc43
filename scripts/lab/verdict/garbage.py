"""Live memory that was garbage: what collecting gave back after the load. Pure."""

from collections.abc import Sequence
from itertools import pairwise

from lab.records.observations import Trough
from lab.records.readings import of_workers
from lab.records.trial import Trial
from lab.records.variant import Scenario

OLDEST_GENERATION = 2
LEAST_GARBAGE_TROUGHS = 3
FALL_OF_HEIGHT = 0.5
"""Share of the height of live memory above the baseline."""


def garbage_bytes_of(trial: Trial) -> int | None:
    """Bytes of live memory that collecting freed at the end; None where that was not measured, or
    the collector neither ran in full during the load nor gave most of it back by itself: then
    nothing says that it ever would.
    """
    seen = trial.post_load
    if seen is None or seen.scenario is not Scenario.GIVE_BACK:
        return None
    live = of_workers(lambda worker: worker.live_bytes, trial.start.variant.axes.workers)
    settled = trial.settled
    if settled is None or seen.before is None or seen.after is None:
        return None
    before, after = (
        live(Trough(settled.index, settled.sample, probe, 0.0, stable=True))
        for probe in (seen.before, seen.after)
    )
    if before is None or after is None:
        return None
    if not collected_in_full(trial) and not fell_by_itself([live(each) for each in trial.troughs]):
        return None
    return max(0, before - after)


def fell_by_itself(live_bytes: Sequence[int | None]) -> bool:
    """Whether live memory lost most of its height between two troughs, the baseline first.

    Measured: a cycle of uvicorn's protocol and parser that the second generation frees, a saw-tooth
    of 270 MiB, while the oldest was not collected once in 1,200 requests.
    """
    readings = [each for each in live_bytes if each is not None]
    if len(readings) < len(live_bytes) or len(readings) < LEAST_GARBAGE_TROUGHS:
        return False
    falls = [earlier - later for earlier, later in pairwise(readings)]
    return max(falls) >= FALL_OF_HEIGHT * max(max(readings) - readings[0], 1)


def collected_in_full(trial: Trial) -> bool:
    """Whether the collector freed its oldest generation between two troughs: its count fell."""
    counts: dict[tuple[int, float], list[int]] = {}
    for trough in trial.troughs:
        for worker in trough.probe.workers if trough.probe is not None else ():
            if len(worker.gc_counts) > OLDEST_GENERATION:
                life = counts.setdefault((worker.pid, worker.started_at_seconds), [])
                life.append(worker.gc_counts[OLDEST_GENERATION])
    return any(later < earlier for life in counts.values() for earlier, later in pairwise(life))
