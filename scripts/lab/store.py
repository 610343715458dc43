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
from typing import Any

from lab.codec import decode, encode
from lab.comparison import comparable, comparison_with
from lab.errors import LabError, UsageError
from lab.experiment import Experiment
from lab.model import Trial
from lab.raw_file import UNREADABLE, TrialWriter, read_trial
from lab.summary import Comparison, Summary

EXPERIMENT = "experiment.json"
COMPARISON = "comparison.json"
SUMMARY = "summary.json"
OWN = "own.json"


def write_atomically(path: Path, text: str) -> None:
    """A reader sees the old file or the new one, never half of one."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


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
    if not path.exists():
        return
    names = (path.with_name(f"{path.name}.{number}") for number in count(1))
    path.rename(next(name for name in names if not name.exists()))


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
        path = next(results / name for name in names if not (results / name).exists())
        path.mkdir()
        return cls(path)

    def point_latest(self) -> None:
        """`results/latest` names this run."""
        link = self.path.parent / ".latest.partial"
        link.unlink(missing_ok=True)
        link.symlink_to(self.path.name)
        link.replace(self.path.parent / "latest")

    def take(self) -> bool:
        """Hold the folder against other drivers, until it is released or this process ends."""
        held = os.open(self.path, os.O_RDONLY)
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
        path = self.path / "samples" / variant / f"{trial}.jsonl"
        set_aside(path)
        return TrialWriter(path)

    def raw_files(self) -> list[Path]:
        """Those of all trials, in the order of their numbers."""
        paths = (self.path / "samples").glob("*/*.jsonl")
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
        write_atomically(self.path / EXPERIMENT, json.dumps(encode(experiment), indent=2) + "\n")

    def read_experiment(self) -> Experiment:
        """
        Raises:
            LabError: it cannot be read.
        """
        try:
            data = json.loads((self.path / EXPERIMENT).read_bytes())
            experiment: Experiment = decode(Experiment, data)
        except (OSError, *UNREADABLE) as error:
            raise LabError(f"run {self.id}: {EXPERIMENT} cannot be read: {error!r}") from error
        return experiment

    def read_summary(self) -> Summary:
        """
        Raises:
            LabError: it is missing, or of another shape than this edition's.
        """
        try:
            summary: Summary = decode(Summary, json.loads((self.path / SUMMARY).read_bytes()))
        except (OSError, *UNREADABLE) as error:
            raise LabError(f"run {self.id}: {SUMMARY} cannot be read: {error!r}") from error
        return summary

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
                    write_atomically(self.path / COMPARISON, text)
                    return

    def read_comparison(self) -> Comparison | None:
        """
        Raises:
            LabError: it is there and cannot be read.
        """
        path = self.path / COMPARISON
        if not path.exists():
            return None
        try:
            found: Comparison = decode(Comparison, json.loads(path.read_bytes()))
        except (OSError, *UNREADABLE) as error:
            raise LabError(f"run {self.id}: {COMPARISON} cannot be read: {error!r}") from error
        return found

    def write_own(self, text: str) -> None:
        """What a run of an own app tried, as JSON."""
        write_atomically(self.path / OWN, text)

    def read_own(self) -> Any:
        """None where the run was not of an own app.

        Raises:
            LabError: it is there and cannot be read.
        """
        path = self.path / OWN
        if not path.exists():
            return None
        try:
            return json.loads(path.read_bytes())
        except (OSError, *UNREADABLE) as error:
            raise LabError(f"run {self.id}: {OWN} cannot be read: {error!r}") from error

    def write_report(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            write_atomically(self.path / name, text)

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
        UsageError: there is no such run.
    """
    path = results / name
    if not (path / EXPERIMENT).is_file():
        known = sorted(item.parent.name for item in results.glob(f"*/{EXPERIMENT}"))
        known = [item for item in known if item != "latest"]
        what = f"there is {', '.join(known[-5:])}" if known else "there is none yet: make repro"
        raise UsageError(f"RUN={name!r} is no run under {results.name}/: {what}")
    return RunFolder(path.resolve())
