"""Sole owner of the layout of `results/`: one folder a run, its files by name.

results/<run-id>/experiment.json, samples/<variant>/<trial>.jsonl, summary.json, report.md, ...
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Collection, Mapping
from itertools import count
from pathlib import Path
from typing import TypeVar

from lab.errors import LabError, UsageError
from lab.files import (
    FOLDER,
    check_folder,
    is_plain_name,
    read_bytes,
    shown,
    unreadable,
    write_file,
    write_symlink,
)
from lab.records.codec import decode, encode
from lab.records.experiment import Experiment
from lab.records.summary import Comparison, Summary
from lab.records.trial import Trial
from lab.store.comparison import comparable, comparison_with
from lab.store.trial_log import UNREADABLE, TrialWriter, fault_text, read_trial

T = TypeVar("T")

EXPERIMENT = "experiment.json"
COMPARISON = "comparison.json"
SUMMARY = "summary.json"
OWN = "own.json"
SAMPLES = "samples"
LATEST = "latest"


def check_writable(results: Path) -> None:
    """
    Raises:
        UsageError: nothing can be written there.
    """
    try:
        results.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{results} cannot be made: {error.strerror}") from error
    if not os.access(results, os.W_OK | os.X_OK):
        owner = f"{os.getuid()}:{os.getgid()}"
        raise UsageError(
            f"the results folder is not writable for user {owner}: run `chown {owner} results`, "
            "or set LAB_UID and LAB_GID to its owner"
        )


def set_aside(path: Path) -> None:
    """Keep a raw file of a trial that did not end under a name that is no trial's."""
    if not os.path.lexists(path):
        return
    names = (path.with_name(f"{path.name}.{number}") for number in count(1))
    path.rename(next(name for name in names if not os.path.lexists(name)))


class RunFolder:
    """One run under `results/`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.held: int | None = None
        """An open descriptor, whose lock says that this process writes here."""

    @property
    def id(self) -> str:
        return self.path.name

    @classmethod
    def create(cls, results: Path, run_id: str) -> "RunFolder":
        """A new folder; a run of the same second gets a number behind its name."""
        check_writable(results)
        names = (run_id if n == 1 else f"{run_id}-{n}" for n in range(1, 1000))
        path = next(results / name for name in names if not os.path.lexists(results / name))
        path.mkdir()
        return cls(path)

    def point_latest(self) -> None:
        """`results/latest` names this run."""
        write_symlink(self.path.parent / LATEST, self.path.name)

    def check(self) -> None:
        """Look at everything in the folder before anything of it is read.

        Raises:
            LabError: there is a symlink, a pipe, a device, a file that is too large, or something
                else that the lab does not put there.
        """
        check_folder(self.path)
        samples = self.path / SAMPLES
        if not os.path.lexists(samples):
            return
        variants = samples.iterdir() if samples.is_dir() else [samples]
        for path in variants:
            if not path.is_dir() and not path.name.startswith("."):
                raise unreadable(shown(path.relative_to(self.path.parent)), "it is no folder")

    def take(self) -> bool:
        """Hold the folder against other drivers, until it is released or this process ends."""
        held = os.open(self.path, FOLDER)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(held)
            return False
        self.held = held
        return True

    def release(self) -> None:
        if self.held is not None:
            os.close(self.held)
            self.held = None

    def trial_writer(self, variant: str, trial: int) -> TrialWriter:
        """A file of its own; what an earlier attempt left there is set aside."""
        path = self.path / SAMPLES / variant / f"{trial}.jsonl"
        set_aside(path)
        return TrialWriter(path)

    def raw_files(self) -> list[Path]:
        """Those of all trials, in the order of their numbers."""
        paths = (self.path / SAMPLES).glob("*/*.jsonl")
        return sorted(
            (path for path in paths if path.stem.isdecimal()), key=lambda path: int(path.stem)
        )

    def set_aside_all_but(self, kept: Collection[tuple[str, int]]) -> None:
        for path in self.raw_files():
            if (path.parent.name, int(path.stem)) not in kept:
                set_aside(path)

    def last_trial(self, variant: str) -> int:
        """The highest number of a trial that was begun; 0 without one."""
        found = (int(path.stem) for path in self.raw_files() if path.parent.name == variant)
        return max(found, default=0)

    def write_experiment(self, experiment: Experiment) -> None:
        write_file(self.path / EXPERIMENT, json.dumps(encode(experiment), indent=2) + "\n")

    def read_experiment(self) -> Experiment:
        """
        Raises:
            LabError: it cannot be read.
        """
        return self.read_json(EXPERIMENT, Experiment)

    def read_summary(self) -> Summary:
        """
        Raises:
            LabError: it is missing, or of another shape than this edition's.
        """
        return self.read_json(SUMMARY, Summary)

    def read_json(self, name: str, record: type[T]) -> T:
        """A file of the run as the record that it holds.

        Raises:
            LabError: it is missing, no file, or of another shape.
        """
        content = read_bytes(self.path / name)
        try:
            found: T = decode(record, json.loads(content))
        except UNREADABLE as error:
            raise LabError(
                f"run {self.id}: {name} cannot be read: {fault_text(error)}; restore it"
            ) from error
        return found

    def keep_comparison(self) -> None:
        """Copy what the newest comparable run of another engine found, if there is one.

        A copy, because this folder is what is handed on.
        """
        mine = self.read_experiment()
        for other in newest_runs(self.path.parent):
            with contextlib.suppress(LabError):
                if other.path != self.path and comparable(mine, other.read_experiment()):
                    found = comparison_with(other.read_summary(), mine.variants)
                    if not found.variants:
                        continue
                    text = json.dumps(encode(found), indent=2) + "\n"
                    write_file(self.path / COMPARISON, text)
                    return

    def read_comparison(self) -> Comparison | None:
        """
        Raises:
            LabError: it is there and cannot be read.
        """
        if not os.path.lexists(self.path / COMPARISON):
            return None
        return self.read_json(COMPARISON, Comparison)

    def write_interventions(self, text: str) -> None:
        """What a run of an own app tried, as JSON."""
        write_file(self.path / OWN, text)

    def read_interventions(self, record: type[T]) -> T | None:
        """What was tried; None where the run was not of an own app.

        Raises:
            LabError: it is there and cannot be read.
        """
        return self.read_json(OWN, record) if os.path.lexists(self.path / OWN) else None

    def write_report(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            write_file(self.path / name, text)

    def read_trials(self) -> dict[str, list[Trial]]:
        """Every trial by variant, in the order of their numbers."""
        trials: dict[str, list[Trial]] = {}
        for path in self.raw_files():
            trial = read_trial(path)
            if trial is not None:
                trials.setdefault(path.parent.name, []).append(trial)
        return trials


def newest_runs(results: Path) -> list[RunFolder]:
    """Every run under a folder, the newest first."""
    folders = [path.parent for path in results.glob(f"*/{EXPERIMENT}")]
    return [RunFolder(path) for path in sorted(folders, reverse=True) if not path.is_symlink()]


def find_run(results: Path, name: str) -> RunFolder:
    """A run by its id; `latest` is the newest.

    Raises:
        UsageError: there is no such run, or the name leads out of the folder.
    """
    if not is_plain_name(name):
        raise UsageError(f"RUN={name!r} is no run's name: give a folder's name in {results.name}/")
    path = results.resolve() / (latest_name(results) if name == LATEST else name)
    if os.path.islink(path):
        raise UsageError(f"RUN={name!r} is a symlink: give the name of the folder itself")
    if not os.path.lexists(path / EXPERIMENT):
        raise UsageError(f"RUN={name!r} is no run under {results.name}/: {known_runs(results)}")
    return RunFolder(path)


def latest_name(results: Path) -> str:
    """The folder that `latest` names; itself where it is a folder, as in a copy.

    Raises:
        UsageError: it leads out of the folder.
    """
    link = results / LATEST
    if not os.path.islink(link):
        return LATEST
    name = os.readlink(link)
    if not is_plain_name(name):
        raise UsageError(
            f"{results.name}/{LATEST} points to {name!r}, no run in {results.name}/: "
            "remove it, or give RUN=<a folder's name>"
        )
    return name


def known_runs(results: Path) -> str:
    names = sorted(item.parent.name for item in results.glob(f"*/{EXPERIMENT}"))
    known = [name for name in names if name != LATEST and is_plain_name(name)]
    return f"there is {', '.join(known[-5:])}" if known else "there is none yet: make repro"
