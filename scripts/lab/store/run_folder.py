"""One run's folder: its documents and its trials, read and written."""

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from lab.errors import LabError
from lab.files import write_file, write_symlink
from lab.records.codec import value_text
from lab.records.experiment import SCHEMA_VERSION, Experiment
from lab.records.run_limits import MOST_VARIANTS
from lab.records.summary import Comparison, Summary
from lab.records.trial import Trial
from lab.store.folder_lock import FolderLock
from lab.store.json_file import read_record, write_record
from lab.store.layout import (
    COMPARISON,
    EXPERIMENT,
    LATEST,
    OWN,
    SUMMARY,
    check_run,
    check_writable,
    new_run_path,
    raw_file,
    raw_files,
    set_aside,
)
from lab.store.raw_room import TYPICAL_BYTES, RawRoom
from lab.store.trial_reader import read_trial
from lab.store.trial_writer import TrialWriter
from lab.units import MIB

T = TypeVar("T")
MOST_EXPERIMENT_BYTES = MIB
"""The most that a run says of itself; 75 variants take 4 KiB, and 300 B for each missing one."""


class RunFolder:
    """One run under `results/`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = FolderLock(path)
        self.room = RawRoom(path)

    @property
    def id(self) -> str:
        return self.path.name

    @classmethod
    def create(cls, results: Path, run_id: str) -> "RunFolder":
        """A new folder, with that name or, where it is taken, with a number behind it."""
        check_writable(results)
        path = new_run_path(results, run_id)
        path.mkdir()
        return cls(path)

    def point_latest(self) -> None:
        """Point the symlink `results/latest` to this run."""
        write_symlink(self.path.parent / LATEST, self.path.name)

    def check(self) -> None:
        """Check every entry before any file is read; raises LabError for a hostile one."""
        check_run(self.path)

    def trial_writer(self, variant: str, trial: int, weight: int = TYPICAL_BYTES) -> TrialWriter:
        """The writer of a new raw file; the file of an earlier attempt is set aside.

        Args:
            variant: the name of the trial's variant.
            trial: its number.
            weight: what it needs of the room for raw files, in relation to the others.
        """
        path = raw_file(self.path, variant, trial)
        set_aside(path)
        return self.room.opened(path, weight)

    def raw_files(self) -> Sequence[Path]:
        """The raw files of all trials, in the order of their numbers."""
        return raw_files(self.path)

    def set_aside(self, variant: str, trial: int) -> None:
        """Set aside the raw file of one trial, where there is one."""
        set_aside(raw_file(self.path, variant, trial))

    def set_aside_all_but(self, kept: Collection[tuple[str, int]]) -> None:
        """Set aside the raw files of all trials but these, each a variant and a number."""
        for path in self.raw_files():
            if (path.parent.name, int(path.stem)) not in kept:
                set_aside(path)

    def last_trial(self, variant: str) -> int:
        """The highest number of the variant's trials; 0 without one."""
        numbers = (int(path.stem) for path in self.raw_files() if path.parent.name == variant)
        return max(numbers, default=0)

    def read_trials(self) -> dict[str, list[Trial]]:
        """Every trial by variant, in the order of their numbers."""
        trials: dict[str, list[Trial]] = {}
        for path in self.raw_files():
            trial = read_trial(path)
            if trial is not None:
                trials.setdefault(path.parent.name, []).append(trial)
        return trials

    def write_experiment(self, experiment: Experiment) -> None:
        write_record(self.path / EXPERIMENT, experiment)

    def read_experiment(self) -> Experiment:
        """The run's experiment; raises LabError where it cannot be read."""
        experiment = read_record(self.path / EXPERIMENT, Experiment, MOST_EXPERIMENT_BYTES)
        if fault := experiment_fault(experiment):
            raise LabError(f"run {self.id}: {EXPERIMENT} cannot be used: {fault}")
        return experiment

    def read_summary(self) -> Summary:
        """The run's summary; raises LabError where it is missing or of another schema."""
        return read_record(self.path / SUMMARY, Summary)

    def write_comparison(self, comparison: Comparison) -> None:
        write_record(self.path / COMPARISON, comparison)

    def read_comparison(self) -> Comparison | None:
        """What another engine found; None without it; raises LabError where it cannot be read."""
        return self.read_optional(COMPARISON, Comparison)

    def write_interventions(self, plan: object) -> None:
        """Write what a run of a user app changed, the record of an intervention plan."""
        write_record(self.path / OWN, plan)

    def read_interventions(self, record: type[T]) -> T | None:
        """What a run of a user app changed; None for a run of the matrix; raises LabError."""
        return self.read_optional(OWN, record)

    def read_optional(self, name: str, record: type[T]) -> T | None:
        path = self.path / name
        return read_record(path, record) if os.path.lexists(path) else None

    def write_report(self, files: Mapping[str, str]) -> None:
        """Write derived files, texts by name."""
        for name, text in files.items():
            write_file(self.path / name, text)


def experiment_fault(experiment: Experiment) -> str | None:
    """Why nothing is judged by what a run says of itself; None where something is."""
    if experiment.schema_version != SCHEMA_VERSION:
        version = value_text(experiment.schema_version)
        return f"it has the version {version}: this lab reads {SCHEMA_VERSION!r}"
    if (named := len(experiment.variants) + len(experiment.missing)) > MOST_VARIANTS:
        return f"it names {named:,} variants, at most {MOST_VARIANTS} are judged"
    if len(set(experiment.variants)) < len(experiment.variants):
        return "it names a variant twice"
    return None
