"""Faults of the machine: nothing that was finished is lost, nothing is left behind, and it is said.

docs/reliability.md has a row for each; those that need the real engine are in tests/integration.
"""

import errno
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

import pytest
from lab import clock
from lab.commands.rebuild import rebuild, summarise_anew
from lab.engines.protocol import Endpoint, Sampling, VariantState
from lab.errors import ExitCode, WriteError
from lab.files import new_file
from lab.load.client import Timing
from lab.measure.cooldown_rules import WAITS as REAL_WAITS
from lab.records.experiment import EngineInfo
from lab.records.observations import Sample
from lab.records.summary import Summary, VariantSummary
from lab.records.variant import Variant
from lab.store import trial_writer
from lab.store.find_runs import newest_runs
from lab.store.run_folder import RunFolder
from lab.units import MIB
from support.measured_runs import measured, written
from support.polling import wait_until
from support.script import Script
from support.scripted_engine import WAITS, ScriptedEngine
from support.tmpfs import small_disk

SYNC, FLASK = "py37-fastapi-sync", "py37-flask"
LEVEL = Script((30 * MIB,))
LEVELS = {SYNC: LEVEL, FLASK: LEVEL}
SILENT_SOON = replace(WAITS, load=Timing(least_silence_seconds=1.5, driver_cpu_seconds=lambda: 0.0))


AS_LONG = replace(
    WAITS,
    ready_seconds=REAL_WAITS.ready_seconds,
    reading_seconds=REAL_WAITS.reading_seconds,
    patience_seconds=REAL_WAITS.patience_seconds,
)
"""With the limits of a real run."""


def of(summary: Summary, name: str) -> VariantSummary:
    return next(variant for variant in summary.variants if variant.name == name)


def last_record(folder: RunFolder, name: str) -> dict[str, Any]:
    lines = (folder.path / "samples" / name / "1.jsonl").read_text().splitlines()
    return dict(json.loads(lines[-1]))


@pytest.mark.parametrize(
    ("script", "end", "said"),
    [
        (Script(dies_after_requests=9), "died", "its server ended as its script says"),
        (Script(never_ready=True), "never ready", "it did not answer "),
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
    waits, requests = WAITS, "16"
    if script.hangs_after_requests is not None:
        waits, requests = SILENT_SOON, "80"
    with ScriptedEngine({**LEVELS, FLASK: script}, 0.002) as engine:
        folder = measured(engine, tmp_path, waits=waits, REQUESTS=requests)
        assert engine.running == {}
    summary = summarise_anew(folder)
    variant = of(summary, FLASK)

    assert variant.trials[0].end.value == end
    assert said in last_record(folder, FLASK)["reason"]
    assert variant.verdict.value == "inconclusive"
    assert of(summary, SYNC).verdict.value == "flat"
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
            measured(engine, tmp_path, LANES="1")
        assert engine.running == {}

    said = str(caught.value)
    assert caught.value.exit_code == ExitCode.INCOMPLETE
    assert said.startswith("the raw files cannot be written: No space left on device")
    assert "\n" not in said
    summary = summarise_anew(newest_runs(tmp_path)[0])
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
        folder = measured(engine, tmp_path, LANES="1")

    summary = summarise_anew(folder)
    assert time.monotonic() - began < 60
    assert [variant.requests.failed for variant in summary.variants] == [0, 0]
    assert {trial.end.value for v in summary.variants for trial in v.trials} == {"complete"}
    assert [variant.verdict.value for variant in summary.variants] == ["flat"] * 2
    assert not any("gap" in caveat for variant in summary.variants for caveat in variant.caveats)
    assert all(0 < (variant.elapsed_seconds or 0) < 60 for variant in summary.variants)


def has_ended(path: Path) -> bool:
    """Whether a raw file has its last record; a full disk may have cut it in the middle."""
    text = path.read_text()
    return text.endswith("\n") and '"record":"end"' in text.splitlines()[-1]


@pytest.mark.skipif(sys.platform != "linux", reason="A FULL DISK IS TESTED ON LINUX ONLY")
def test_a_disk_that_is_really_full_ends_the_run_and_with_room_it_goes_on(tmp_path: Path) -> None:
    with small_disk(tmp_path, "44k"), ScriptedEngine(LEVELS, 0.002) as engine:
        with pytest.raises(WriteError, match="No space left on device"):
            measured(engine, tmp_path, REQUESTS="80", LANES="1")
        assert engine.running == {}
        (full,) = newest_runs(tmp_path)
        ended = [path for path in full.raw_files() if has_ended(path)]
        assert len(ended) < 2

        subprocess.run(["mount", "-o", "remount,size=4m", str(tmp_path)], check=True)
        assert rebuild(full).run.exit_code == ExitCode.INCOMPLETE
        kept = {path: path.read_bytes() for path in ended}
        folder = measured(engine, tmp_path, REQUESTS="80", LANES="1", RESUME=full.id)
        summary = rebuild(folder)

        assert folder.id == full.id
        assert {path: path.read_bytes() for path in kept} == kept
        assert [variant.verdict.value for variant in summary.variants] == ["flat"] * 2
        assert len(summary.run.sittings) == 2


class SlowEngine(ScriptedEngine):
    """By every clock each of its calls takes 3 s."""

    call_seconds = 3.0

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(LEVELS, 0.002)
        self.calls, self.lock = 0, threading.Lock()
        for name in ("time", "monotonic"):
            monkeypatch.setattr(time, name, self.later(getattr(time, name)))
        monkeypatch.setattr(clock, "counted_seconds", self.later(clock.counted_seconds))

    def later(self, real: Callable[[], float]) -> Callable[[], float]:
        return lambda: real() + self.call_seconds * self.calls

    def called(self) -> None:
        with self.lock:
            self.calls += 1

    def info(self) -> EngineInfo:
        self.called()
        return super().info()

    def start(self, variant: Variant) -> Endpoint:
        endpoint = super().start(variant)
        self.called()
        return endpoint

    def sample(self, variant: Variant, on_sample: Callable[[Sample | None], None]) -> Sampling:
        self.called()
        return super().sample(variant, on_sample)

    def state(self, variant: Variant) -> VariantState:
        self.called()
        return super().state(variant)

    def log_tail(self, variant: Variant, lines: int = 12) -> tuple[str, ...]:
        self.called()
        return super().log_tail(variant, lines)

    def stop(self, variant: Variant) -> None:
        self.called()
        super().stop(variant)


def test_an_engine_whose_calls_take_3_s_costs_time_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SlowEngine(monkeypatch) as engine:
        folder = measured(engine, tmp_path, waits=AS_LONG, LANES="1")
        assert engine.running == {}
    summary = summarise_anew(folder)

    assert engine.calls >= 7
    assert {trial.end.value for v in summary.variants for trial in v.trials} == {"complete"}
    assert [variant.requests.failed for variant in summary.variants] == [0, 0]
    assert [variant.verdict.value for variant in summary.variants] == ["flat"] * 2
    assert summary.run.elapsed_seconds is not None
    assert summary.run.elapsed_seconds >= SlowEngine.call_seconds * 6
