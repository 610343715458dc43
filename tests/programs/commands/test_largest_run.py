"""The largest run that is read: `make report` of it needs seconds, and memory with a bound."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from builders import raw
from lab.errors import ExitCode
from lab.records.codec import encode
from lab.records.experiment import MissingVariant
from lab.records.run_limits import MOST_BLOCKS, MOST_RAW_BYTES, MOST_RAW_FILES, MOST_VARIANTS
from lab.records.trial import TAGS, RawRecord, Trial
from lab.store import layout
from lab.store.run_folder import MOST_EXPERIMENT_BYTES, RunFolder
from lab.units import MIB
from support.paths import ROOT

MOST_SECONDS = 10
"""The most CPU time; about 4 s on a quiet machine (docs/security.md), where 5 are allowed."""
MOST_BYTES = 256 << 20

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="THIS SYSTEM DOES NOT TELL A PROCESS' PEAK"
)


def line(record: RawRecord) -> str:
    return json.dumps({"record": TAGS[type(record)], **encode(record)}) + "\n"


def text_of(trial: Trial, variant: str, *more: RawRecord) -> str:
    assert trial.end is not None
    start = replace(trial.start, variant=raw.variant(variant))
    records = (start, *more, *trial.samples, *trial.blocks, *trial.troughs, trial.end)
    return "".join(line(record) for record in records)


Trials = Iterator[tuple[str, int, str]]
"""Variant, number and text of each raw file, without an end."""


def many_trials() -> Trials:
    """As many raw files as are read, of as many variants."""
    variants = [f"py37-v{number}" for number in range(MOST_VARIANTS)]
    for number in range(1, MOST_RAW_FILES):
        for variant in variants:
            yield variant, number, text_of(raw.trial(), variant)


def long_trials() -> Trials:
    """As many blocks in each as are read."""
    blocks = tuple(raw.block(index) for index in range(MOST_BLOCKS))
    troughs = tuple(raw.trough(index, 50 * MIB + index) for index in range(-1, MOST_BLOCKS))
    text = text_of(replace(raw.trial(), blocks=blocks, troughs=troughs), "py37-v0")
    for number in range(1, MOST_RAW_FILES):
        yield "py37-v0", number, text


def sampled_trials() -> Trials:
    """As many samples in each as are read, or about that."""
    samples = tuple(raw.sample(50 * MIB + at, at / 100) for at in range(40_000))
    text = text_of(raw.trial(), "py37-v0", *samples)
    for number in range(1, MOST_RAW_FILES):
        yield "py37-v0", number, text


def plant(results: Path, trials: Trials) -> Path:
    """A run with as many of the trials as are read."""
    folder = RunFolder.create(results, "largest")
    count = size = 0
    variants: dict[str, None] = {}
    for variant, number, text in trials:
        count, size = count + 1, size + len(text)
        if count > MOST_RAW_FILES or size > MOST_RAW_BYTES:
            break
        path = layout.raw_file(folder.path, variant, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        variants[variant] = None
    folder.write_experiment(raw.experiment(*variants))
    return folder.path


WRITES_PEAK = """
import atexit, os, pathlib, re, runpy
def write():
    status = pathlib.Path("/proc/self/status").read_text()
    pathlib.Path(os.environ["PEAK"]).write_text(re.search(r"VmHWM:\\s+(\\d+)", status)[1])
atexit.register(write)
runpy.run_module("lab", run_name="__main__")
"""
"""Runs the lab and writes down the peak of its memory in KiB. What `wait4` tells has that of the
process that started it as well, which holds thousands of tests.
"""


def reported(run: Path) -> tuple[int, float, int, str]:
    """Exit code of `make report`, its seconds of CPU, its bytes of memory, and what it printed."""
    peak = run.parent / "peak"
    given = {"RESULTS": str(run.parent), "PYTHONPATH": str(ROOT / "scripts"), "PEAK": str(peak)}
    with (run.parent / "printed").open("w+b") as printed:
        process = subprocess.Popen(
            [sys.executable, "-c", WRITES_PEAK, "report", f"--run={run.name}"],
            env={**os.environ, **given, "OPENBLAS_NUM_THREADS": "1"},
            stdout=printed,
            stderr=subprocess.STDOUT,
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        printed.seek(0)
        said = printed.read().decode()
    size = int(peak.read_text(encoding="utf-8")) * 1024
    return process.returncode, used.ru_utime + used.ru_stime, size, said


def check(run: Path, codes: Sequence[int]) -> None:
    code, seconds, size, said = reported(run)
    assert code in codes, said[-500:]
    assert "Traceback" not in said
    assert size < MOST_BYTES, f"{size / MIB:.0f} MiB"
    assert seconds < MOST_SECONDS, f"{seconds:.1f} s"


@pytest.mark.parametrize("trials", [many_trials, long_trials, sampled_trials])
def test_the_largest_run_that_is_read(tmp_path: Path, trials: Callable[[], Trials]) -> None:
    check(plant(tmp_path, trials()), (ExitCode.DECIDED, ExitCode.UNDECIDED))


def test_the_largest_document_of_a_run_that_is_read(tmp_path: Path) -> None:
    """What a run says of itself, with as much of everything as fits."""
    run = plant(tmp_path, iter([("py37-v0", 1, text_of(raw.trial(), "py37-v0"))]))
    experiment = raw.experiment("py37-v0")
    notes = tuple(f"note {number}" for number in range(20_000))
    missing = tuple(
        MissingVariant(f"py37-m{number}", "no" * 500) for number in range(MOST_VARIANTS - 1)
    )
    large = replace(experiment, engine=replace(experiment.engine, notes=notes), missing=missing)
    large = replace(large, command="x" * 200_000)
    RunFolder(run).write_experiment(large)
    assert 0.8 < (run / "experiment.json").stat().st_size / MOST_EXPERIMENT_BYTES < 1

    check(run, (ExitCode.DECIDED,))
