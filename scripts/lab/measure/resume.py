"""A run that was interrupted or cut off goes on in its own folder, where it stopped."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from lab.errors import LabError
from lab.records.experiment import Experiment
from lab.records.trial import EndKind, Trial
from lab.store.run_folder import RunFolder, newest_runs

RESUMABLE_SUITES = frozenset({"thread"})
"""Those that take long enough; the core suite is measured anew sooner than it is explained."""
HOW_AND_NOT_WHAT = frozenset({"fresh", "lanes", "memory_budget_bytes", "engine"})
"""Settings that change how fast a run is; the engine itself is compared by its kind."""


def is_partial(experiment: Experiment) -> bool:
    return experiment.interrupted or experiment.elapsed_seconds is None


def asks_the_same(one: Experiment, other: Experiment) -> bool:
    """Whether two runs measure the same of the same: only then may one go on as the other."""
    return identity(one) == identity(other)


def identity(experiment: Experiment) -> tuple[object, ...]:
    settings = {k: v for k, v in experiment.settings.items() if k not in HOW_AND_NOT_WHAT}
    return (
        experiment.schema_version,
        experiment.suite,
        settings,
        experiment.variants,
        experiment.engine.kind,
        experiment.host,
        dict(experiment.lock_hashes),
        experiment.git_commit,
    )


def find_unfinished(results: Path, wanted: Experiment) -> RunFolder | None:
    """The newest run that asks the same, when it is partial and nobody goes on with it."""
    if wanted.suite not in RESUMABLE_SUITES:
        return None
    for folder in newest_runs(results):
        known = readable(folder)
        if known is not None and asks_the_same(known, wanted):
            return folder if is_partial(known) and folder.take() else None
    return None


def readable(folder: RunFolder) -> Experiment | None:
    """None for a run of another edition of the lab, or one with something else in its folder."""
    try:
        folder.check()
        return folder.read_experiment()
    except LabError:
        return None


def finished(trials: Mapping[str, Sequence[Trial]]) -> frozenset[tuple[str, int]]:
    """Variant and number of the trials that came to their end."""
    return frozenset(
        (name, trial.start.trial)
        for name, found in trials.items()
        for trial in found
        if trial.end is not None and trial.end.kind is EndKind.COMPLETE
    )


def keep_finished(folder: RunFolder) -> frozenset[tuple[str, int]]:
    """The trials of an earlier part that count; the raw files of the others are set aside."""
    kept = finished(folder.read_trials())
    folder.set_aside_all_but(kept)
    return kept


def folder_for(results: Path, experiment: Experiment, *, fresh: bool) -> RunFolder:
    """The folder of a run, new or continued, with its experiment written down as begun."""
    unfinished = None if fresh else find_unfinished(results, experiment)
    if unfinished is None:
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        folder = RunFolder.create(results, f"{stamp}-{experiment.suite}")
        folder.take()
        folder.write_experiment(experiment)
        return folder
    known = unfinished.read_experiment()
    unfinished.write_experiment(
        replace(
            experiment,
            started_at=known.started_at,
            resumed=known.resumed + 1,
            earlier_seconds=known.elapsed_seconds or known.earlier_seconds,
        )
    )
    return unfinished
