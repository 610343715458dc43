"""Names in `results/`: one folder a run, in it one raw file a trial and the documents of the run.

results/<run-id>/experiment.json, samples/<variant>/<trial>.jsonl, summary.json, report.md, ...
"""

import os
import shlex
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path

from lab.errors import LabError, UsageError
from lab.files import check_folder, path_text, reason_of, unreadable
from lab.named_paths import folder_fault
from lab.paths import RESULTS
from lab.records.run_limits import MOST_RAW_BYTES, MOST_RAW_FILES

EXPERIMENT = "experiment.json"
COMPARISON = "comparison.json"
SUMMARY = "summary.json"
OWN = "own.json"
SAMPLES = "samples"
LATEST = "latest"


def results_folder(given: Mapping[str, str]) -> Path:
    """Where runs are kept: what RESULTS says, else the repository's own folder.

    Raises:
        UsageError: something else than a folder stands there.
    """
    results = Path(given.get("RESULTS") or RESULTS)
    if os.path.lexists(results) and (fault := folder_fault(results)):
        raise UsageError(f"RESULTS={path_text(results)} is {fault}: give a folder for the runs")
    return results


def check_writable(results: Path) -> None:
    """Make the results folder where it is missing.

    Raises:
        UsageError: the folder cannot be made, or this user cannot write to it.
    """
    try:
        results.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{results} cannot be made: {error.strerror}") from error
    if not os.access(results, os.W_OK | os.X_OK):
        raise UsageError(not_writable(results, os.environ))


def not_writable(results: Path, environment: Mapping[str, str]) -> str:
    """That the results folder is not writable, and what makes it so.

    A driver in a container writes as LAB_UID, and is told by LAB_HOST_RESULTS where it is outside.
    """
    owner, outside = f"{os.getuid()}:{os.getgid()}", environment.get("LAB_HOST_RESULTS")
    path = outside or path_text(results)
    other = (
        "set LAB_UID and LAB_GID to its owner" if outside else "set RESULTS to a folder of yours"
    )
    return (
        f"the results folder {path} is not writable for user {owner}: run "
        f"`chown {owner} {shlex.quote(path)}`, or {other}"
    )


def new_run_path(results: Path, run_id: str) -> Path:
    """The path of a new run; a second run of the same second gets a number behind its name."""
    names = (run_id if number == 1 else f"{run_id}-{number}" for number in count(1))
    return next(results / name for name in names if not os.path.lexists(results / name))


def raw_file(run: Path, variant: str, trial: int) -> Path:
    return run / SAMPLES / variant / f"{trial}.jsonl"


def raw_files(run: Path) -> Sequence[Path]:
    """The raw files of all trials, in the order of their numbers."""
    paths = [path for path in (run / SAMPLES).glob("*/*.jsonl") if path.stem.isdecimal()]
    return sorted(paths, key=lambda path: int(path.stem))


def set_aside(path: Path) -> None:
    """Rename the raw file of an unfinished trial to a name that no trial has."""
    if not os.path.lexists(path):
        return
    names = (path.with_name(f"{path.name}.{number}") for number in count(1))
    path.rename(next(name for name in names if not os.path.lexists(name)))


def check_run(run: Path) -> None:
    """Check every entry of a run's folder before any of its files is read.

    Raises:
        LabError: an entry is a symlink, a pipe, a device, a file that is too large, or something
            else that the lab does not write.
    """
    check_folder(run)
    try:
        check_samples(run / SAMPLES)
    except OSError as error:  # what was there a moment ago
        raise unreadable(path_text(run), reason_of(error)) from error


def check_samples(samples: Path) -> None:
    """Check what the raw files stand in, how many they are, and how large all together."""
    if not os.path.lexists(samples):
        return
    for path in samples.iterdir() if samples.is_dir() else [samples]:
        if not path.is_dir() and not path.name.startswith("."):
            raise not_a_folder(path.relative_to(samples.parents[1]))
    paths = raw_files(samples.parent)
    if len(paths) > MOST_RAW_FILES or sum(path.stat().st_size for path in paths) > MOST_RAW_BYTES:
        most = f"{MOST_RAW_FILES:,} raw files and {MOST_RAW_BYTES:,} bytes in them"
        raise unreadable(
            path_text(samples.relative_to(samples.parents[1])), f"it holds more than {most}"
        )


def not_a_folder(path: Path) -> LabError:
    return unreadable(path_text(path), "it is a file, a folder is expected")
