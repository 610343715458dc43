"""Faults of the machine: nothing that was finished is lost, nothing is left behind, and it is said.

docs/reliability.md has a row for each; those that need the real engine are in tests/integration.
"""

import errno
import io
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

import pytest
from builders import raw
from lab.commands.decider import RunDecider
from lab.commands.rebuild import rebuild
from lab.engines.protocol import Endpoint, State
from lab.errors import ExitCode, WriteError
from lab.files import new_file
from lab.load.client import Timing
from lab.measure.run import SuiteRun, measure_suite
from lab.records.summary import Summary, VariantSummary
from lab.records.variant import Variant
from lab.store import trial_writer
from lab.store.find_runs import newest_runs
from lab.store.run_folder import RunFolder
from rich.console import Console
from support.paths import ROOT
from support.polling import wait_until
from support.script import Script
from support.scripted_engine import WAITS, ScriptedEngine

MIB = raw.MIB
SYNC, ASYNC, FLASK = "py37-fastapi-sync", "py37-fastapi-async", "py37-flask"
LEVEL = Script((30 * MIB,))
LEVELS = {SYNC: LEVEL, ASYNC: LEVEL, FLASK: LEVEL}
SILENT_SOON = replace(WAITS, load=Timing(least_silence_seconds=1.5, driver_cpu_seconds=lambda: 0.0))


def measured(
    engine: ScriptedEngine, results: Path, *, hangs: bool = False, **given: str
) -> RunFolder:
    chosen = {"REQUESTS": "16", "CONCURRENCY": "2", "VARIANTS": "py37-*", "MEMORY_BUDGET": "8g"}
    settings = raw.settings(**{**chosen, **given})
    waits = SILENT_SOON if hangs else WAITS
    run = SuiteRun(settings, engine, ROOT / "compose.yaml", results, {}, waits)
    return measure_suite(run, Console(file=io.StringIO(), width=120), RunDecider())


def of(summary: Summary, name: str) -> VariantSummary:
    return next(variant for variant in summary.variants if variant.name == name)


def last_record(folder: RunFolder, name: str) -> dict[str, Any]:
    lines = (folder.path / "samples" / name / "1.jsonl").read_text().splitlines()
    return dict(json.loads(lines[-1]))


def others_are_whole(summary: Summary) -> bool:
    return all(of(summary, name).verdict.value == "flat" for name in (SYNC, ASYNC))


@pytest.mark.parametrize(
    ("script", "end", "said"),
    [
        (Script(dies_after_requests=9), "died", "its server ended as its script says"),
        (Script(never_ready=True), "never ready", "it did not answer /health within"),
        (Script(status=500), "no requests served", "status-500 x"),
        (Script(status=None), "no requests served", "reset x"),
        (Script(hangs_after_requests=45), "stopped answering", "it stopped answering in block 5"),
        (Script(cannot_start="engine is on fire"), "failed", "engine is on fire"),
    ],
)
def test_a_fault_of_one_app_costs_its_variant_alone(
    tmp_path: Path, script: Script, end: str, said: str
) -> None:
    began = time.monotonic()
    hangs = script.hangs_after_requests is not None
    with ScriptedEngine({**LEVELS, FLASK: script}, 0.002) as engine:
        folder = measured(engine, tmp_path, hangs=hangs, REQUESTS="80")
        assert engine.running == {}
    summary = rebuild(folder)
    found = of(summary, FLASK)

    assert found.trials[0].end.value == end
    assert said in last_record(folder, FLASK)["reason"]
    assert found.verdict.value == "inconclusive"
    assert others_are_whole(summary)
    assert summary.run.exit_code == ExitCode.INCOMPLETE
    assert time.monotonic() - began < 60


class FullDisk:
    """A file on a disk that is full after some bytes, and cuts a line there."""

    left_bytes = 0

    def __init__(self, file: TextIO) -> None:
        self.file = file

    def write(self, text: str) -> None:
        if len(text) > FullDisk.left_bytes:
            self.file.write(text[: FullDisk.left_bytes])
            FullDisk.left_bytes = 0
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        FullDisk.left_bytes -= len(text)
        self.file.write(text)

    def flush(self) -> None:
        self.file.flush()

    def close(self) -> None:
        self.file.close()


@pytest.mark.parametrize("room_bytes", [0, 700, 4_000, 9_000, 20_000])
def test_a_full_disk_ends_the_run_in_one_line_and_what_was_written_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room_bytes: int
) -> None:
    FullDisk.left_bytes = room_bytes
    monkeypatch.setattr(trial_writer, "new_file", lambda path: FullDisk(new_file(path)))
    with ScriptedEngine(LEVELS, 0.002) as engine:
        with pytest.raises(WriteError) as caught:
            measured(engine, tmp_path, REQUESTS="80", LANES="1")
        assert engine.running == {}

    said = str(caught.value)
    assert caught.value.exit_code == ExitCode.INCOMPLETE
    assert said.startswith("the raw files cannot be written: No space left on device")
    assert "\n" not in said
    summary = rebuild(newest_runs(tmp_path)[0])
    assert summary.run.partial
    assert summary.run.exit_code == ExitCode.INCOMPLETE


@pytest.mark.parametrize("step_seconds", [3600.0, -3600.0])
def test_a_clock_that_is_set_by_an_hour_spoils_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step_seconds: float
) -> None:
    real, moved = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() + moved[0])
    with ScriptedEngine(LEVELS, 0.002) as engine:

        def step() -> None:
            wait_until(lambda: written(tmp_path, '"record":"block"') >= 4, step_seconds=0.002)
            moved[0] = step_seconds

        threading.Thread(target=step).start()
        began = time.monotonic()
        folder = measured(engine, tmp_path, REQUESTS="80", LANES="1")

    summary = rebuild(folder)
    assert time.monotonic() - began < 60
    assert [variant.requests.failed for variant in summary.variants] == [0, 0, 0]
    assert {trial.end.value for v in summary.variants for trial in v.trials} == {"complete"}
    assert sum(variant.verdict.value == "flat" for variant in summary.variants) >= 2


def written(results: Path, mark: str) -> int:
    return sum(path.read_text().count(mark) for path in results.glob("*/samples/*/1.jsonl"))


class SlowEngine(ScriptedEngine):
    """Each call takes its time."""

    def start(self, variant: Variant) -> Endpoint:
        time.sleep(0.1)
        return super().start(variant)

    def state(self, variant: Variant) -> State:
        time.sleep(0.1)
        return super().state(variant)

    def stop(self, variant: Variant) -> None:
        time.sleep(0.1)
        super().stop(variant)


def test_a_slow_engine_costs_time_alone(tmp_path: Path) -> None:
    with SlowEngine(LEVELS, 0.002) as engine:
        summary = rebuild(measured(engine, tmp_path))

    assert [variant.verdict.value for variant in summary.variants] == ["flat"] * 3


STAGES: Mapping[str, Callable[[ScriptedEngine, Path], object]] = {
    "start": lambda engine, _: engine.started,
    "load": lambda _, results: written(results, '"record":"trough"') >= 1,
    "cooldown": lambda _, results: written(results, '"record":"block"') >= 1,
    "between": lambda engine, _: engine.stopped,
}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("stage", STAGES)
def test_a_signal_at_each_stage_keeps_what_was_measured(
    tmp_path: Path, stage: str, number: signal.Signals
) -> None:
    with ScriptedEngine(LEVELS, 0.002) as engine:

        def interrupt() -> None:
            if wait_until(lambda: STAGES[stage](engine, tmp_path), step_seconds=0.002):
                os.kill(os.getpid(), number)

        threading.Thread(target=interrupt).start()
        folder = measured(engine, tmp_path, REQUESTS="80", LANES="1")
        assert engine.running == {}
    summary = rebuild(folder)

    assert summary.run.partial
    assert summary.run.exit_code == ExitCode.INTERRUPTED
    ends = [json.loads(path.read_text().splitlines()[-1]) for path in folder.raw_files()]
    assert {end["kind"] for end in ends} <= {"complete", "interrupted"}


def test_a_killed_driver_leaves_files_that_a_report_is_made_of(tmp_path: Path) -> None:
    """As kill -9 leaves them: no end, the last line cut, the run without its time."""
    with ScriptedEngine(LEVELS, 0.002) as engine:
        folder = measured(engine, tmp_path)
    cut: Any = folder.raw_files()[-1]
    cut.write_bytes(cut.read_bytes()[:-40])
    experiment = replace(folder.read_experiment(), elapsed_seconds=None)
    folder.write_experiment(experiment)

    summary = rebuild(folder)

    assert summary.run.partial
    assert summary.run.exit_code == ExitCode.INCOMPLETE
    ends = [trial.end.value for variant in summary.variants for trial in variant.trials]
    assert sorted(ends) == ["complete", "complete", "cut off"]
