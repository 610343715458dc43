"""Resuming: a run that was interrupted goes on in its own folder, where it stopped."""

import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from lab.errors import LabError, UsageError
from lab.records.experiment import Experiment
from lab.records.suites import CLAIMS_SUITE, USER_APP_SUITE
from lab.records.trial import EndKind, Trial
from lab.store.find_runs import find_run, newest_runs
from lab.store.run_folder import RunFolder
from lab.text.phrases import they_were

RESUMABLE_SUITES = frozenset({CLAIMS_SUITE})
"""The suites that take long enough; the core suite is faster measured anew."""
UNMEASURED_SETTINGS = frozenset(
    {"fresh", "resume", "lanes", "memory_budget_bytes", "engine", "fail_on"}
)
"""Settings that change nothing of what is measured; the engine is compared by its kind."""


def is_partial(experiment: Experiment) -> bool:
    return experiment.interrupted or experiment.elapsed_seconds is None


def measures_the_same(one: Experiment, other: Experiment) -> bool:
    """Whether one run may be resumed as the other: same variants, settings, host and versions."""
    return identity(one) == identity(other)


def identity(experiment: Experiment) -> tuple[object, ...]:
    settings = {k: v for k, v in experiment.settings.items() if k not in UNMEASURED_SETTINGS}
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
    """The newest run that measures the same, when it is partial and no other process resumes it."""
    if wanted.suite not in RESUMABLE_SUITES:
        return None
    for folder in newest_runs(results):
        experiment = readable(folder)
        if experiment is not None and measures_the_same(experiment, wanted):
            return folder if is_partial(experiment) and folder.lock.take() else None
    return None


def readable(folder: RunFolder) -> Experiment | None:
    """The run's experiment; None for another schema version, or where other files are found."""
    try:
        folder.check()
        return folder.read_experiment()
    except LabError:
        return None


def finished(trials: Mapping[str, Sequence[Trial]]) -> frozenset[tuple[str, int]]:
    """Variant and number of each trial that is complete."""
    return frozenset(
        (name, trial.start.trial)
        for name, of_variant in trials.items()
        for trial in of_variant
        if trial.end is not None and trial.end.kind is EndKind.COMPLETE
    )


def keep_finished(folder: RunFolder) -> frozenset[tuple[str, int]]:
    """The complete trials of an earlier part; the raw files of the others are set aside."""
    complete = finished(folder.read_trials())
    folder.set_aside_all_but(complete)
    return complete


def kept_line(folder: RunFolder, kept: Collection[tuple[str, int]]) -> str:
    """A line for the terminal on the trials of an earlier part that are kept."""
    return f"resuming {folder.id}, of which {they_were(len(kept), 'trial')} kept"


def named_unfinished(results: Path, name: str, wanted: Experiment) -> RunFolder:
    """The run of that name, which is partial, measures the same, and is now locked.

    Raises:
        LabError: it cannot be read.
        UsageError: it cannot go on; says why.
    """
    folder = find_run(results, name, "RESUME")
    folder.check()
    experiment = folder.read_experiment()
    if not is_partial(experiment):
        typed = shlex.quote(folder.id)
        raise UsageError(f"RESUME={name}: that run has ended: make report RUN={typed}")
    if other := differences(experiment, wanted):
        raise UsageError(
            f"RESUME={name}: that run was begun with another {', '.join(other)}, and one run's "
            "trials must be alike: begin a new run without RESUME"
        )
    if not folder.lock.take():
        raise UsageError(
            f"RESUME={name}: that run is under way in another process: wait until it ends, or end "
            "it there with Ctrl-C"
        )
    return folder


def differences(one: Experiment, other: Experiment) -> list[str]:
    """The names of what makes two runs different ones."""
    names = [
        "schema version",
        "suite",
        "setting",
        "choice of variants",
        "engine",
        "host",
        "lock",
        "commit",
    ]
    pairs = zip(names, identity(one), identity(other), strict=True)
    differing = [name for name, mine, theirs in pairs if mine != theirs]
    if one.suite == USER_APP_SUITE and "choice of variants" in differing:
        differing.remove("choice of variants")  # it grows with what the app's causes call for
    if "setting" in differing:
        measured = one.settings.keys() - UNMEASURED_SETTINGS
        keys = [k for k in measured if one.settings[k] != other.settings.get(k)]
        differing[differing.index("setting")] = (
            " and ".join(sorted(k.upper() for k in keys)) or "setting"
        )
    return differing


def folder_for(
    results: Path, experiment: Experiment, *, fresh: bool, resume: str | None = None
) -> RunFolder:
    """The folder of a run, new or resumed, with the experiment written into it.

    Args:
        fresh: whether an interrupted run is left as it is.
        resume: the name of the one that goes on.

    Raises:
        UsageError: the run that is named cannot go on.
    """
    if resume is not None:
        unfinished: RunFolder | None = named_unfinished(results, resume, experiment)
    else:
        unfinished = None if fresh else find_unfinished(results, experiment)
    if unfinished is None:
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        folder = RunFolder.create(results, f"{stamp}-{experiment.suite}")
        folder.lock.take()
        folder.write_experiment(experiment)
        return folder
    unfinished.write_experiment(continued(unfinished.read_experiment(), experiment))
    return unfinished


def continued(earlier: Experiment, now: Experiment) -> Experiment:
    """The experiment of a run that goes on, with one sitting more."""
    return replace(
        now,
        started_at=earlier.started_at,
        resumed=earlier.resumed + 1,
        earlier_seconds=earlier.elapsed_seconds or earlier.earlier_seconds,
        sittings=(
            *(earlier.sittings or (earlier.started_at,)),
            datetime.now(UTC).isoformat(timespec="milliseconds"),
        ),
    )
