"""A signal, or the end of the driver, at each moment of a run."""

import json
import os
import shutil
import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lab.__main__ import main
from lab.commands.rebuild import rebuild, summarise_anew
from lab.errors import ExitCode
from lab.store.run_folder import RunFolder
from lab.units import MIB
from support.measured_runs import measured, written
from support.polling import wait_until
from support.script import Script
from support.scripted_engine import ScriptedEngine

SYNC, FLASK = "py37-fastapi-sync", "py37-flask"
LEVEL = Script((30 * MIB,))
LEVELS = {SYNC: LEVEL, FLASK: LEVEL}
REPORT_FILES = 4


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run with its report, of which each test has a copy."""
    with ScriptedEngine(LEVELS, 0.002) as engine:
        folder = measured(engine, tmp_path_factory.mktemp("whole"))
    rebuild(folder)
    return folder


@pytest.mark.parametrize(
    ("index", "is_written"), [(0, False), *((index, True) for index in range(REPORT_FILES))]
)
def test_a_signal_while_the_report_is_written_leaves_whole_files(
    whole_run: RunFolder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    index: int,
    is_written: bool,
) -> None:
    folder = RunFolder(Path(shutil.copytree(whole_run.path, tmp_path / whole_run.id)))
    before = {path.name: path.read_bytes() for path in folder.path.iterdir() if path.is_file()}
    experiment = replace(folder.read_experiment(), git_commit="another")
    folder.write_experiment(experiment)
    real, left = os.replace, [index]

    def interrupted(*arguments: Any, **options: Any) -> None:
        if is_written:
            real(*arguments, **options)
        if left[0] == 0:
            signal.raise_signal(signal.SIGINT)
        left[0] -= 1
        if not is_written:
            real(*arguments, **options)

    monkeypatch.setenv("RESULTS", str(tmp_path))
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", interrupted)
        assert main(["report", f"--run={folder.id}"]) == ExitCode.INTERRUPTED
    files = [path for path in folder.path.iterdir() if path.is_file()]
    assert not [path.name for path in files if path.name.startswith(".")]

    assert main(["report", f"--run={folder.id}"]) == ExitCode.DECIDED
    whole = {path.name: path.read_bytes() for path in folder.path.iterdir() if path.is_file()}
    assert whole.keys() == before.keys()
    assert len(whole) >= REPORT_FILES


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
    summary = summarise_anew(folder)

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
    assert sorted(ends) == ["complete", "cut off"]
