"""Live memory that was garbage: what collecting gave back after the load. Pure."""

from itertools import pairwise

from lab.records.observations import Trough
from lab.records.readings import of_workers
from lab.records.trial import Trial
from lab.records.variant import Scenario

OLDEST_GENERATION = 2


def garbage_bytes_of(trial: Trial) -> int | None:
    """Bytes of live memory that collecting freed at the end; None where that was not measured, or
    the collector did not run in full during the load: then nothing says that it ever would.
    """
    seen = trial.aftermath
    if seen is None or seen.scenario is not Scenario.GIVE_BACK:
        return None
    live = of_workers(lambda worker: worker.live_bytes, trial.start.variant.axes.workers)
    settled = trial.settled
    if settled is None or seen.before is None or seen.after is None:
        return None
    before, after = (
        live(Trough(settled.index, settled.sample, probe, 0.0, still=True))
        for probe in (seen.before, seen.after)
    )
    if before is None or after is None or not collected_in_full(trial):
        return None
    return max(0, before - after)


def collected_in_full(trial: Trial) -> bool:
    """Whether the collector freed its oldest generation between two troughs: its count fell."""
    counts: dict[tuple[int, float], list[int]] = {}
    for trough in trial.troughs:
        for worker in trough.probe.workers if trough.probe is not None else ():
            if len(worker.gc_counts) > OLDEST_GENERATION:
                life = counts.setdefault((worker.pid, worker.started_at_seconds), [])
                life.append(worker.gc_counts[OLDEST_GENERATION])
    return any(later < earlier for life in counts.values() for earlier, later in pairwise(life))
