"""A whole run on the scripted engine, from compose.yaml to the report."""

import io
import json
import os
import signal
import threading
from pathlib import Path

import pytest
from builders import raw
from lab.commands.decider import RunDecider
from lab.commands.rebuild import rebuild
from lab.errors import ExitCode, UsageError
from lab.matrix.variants import read_matrix
from lab.measure.run import SuiteRun, measure_suite, split_missing
from lab.measure.slots import SlotPlan
from lab.store.run_folder import RunFolder
from lab.units import MIB
from rich.console import Console
from support.conducted_runs import conducted
from support.paths import ROOT
from support.polling import wait_until
from support.script import Script
from support.scripted_engine import ScriptedEngine

COMPOSE = ROOT / "compose.yaml"
SYNC, ASYNC, FLASK = "py37-fastapi-sync", "py37-fastapi-async", "py37-flask"


def grows(served: int) -> int:
    return (30 + 5 * min(served, 20)) * MIB


SCRIPTS = {
    SYNC: Script(grows, pids=lambda served: 3 + min(served, 20), calibration=raw.calibration()),
    ASYNC: Script((30 * MIB,)),
    FLASK: Script((30 * MIB,)),
}


def test_a_run_ends_with_its_report(tmp_path: Path) -> None:
    with ScriptedEngine(SCRIPTS, 0.002) as engine:
        folder, _, _ = conducted(engine, tmp_path)
    summary = rebuild(folder)
    folder.point_latest()

    assert summary.run.exit_code == ExitCode.DECIDED
    assert [(v.name, v.verdict.value) for v in summary.variants] == [
        (SYNC, "bounded"),
        (ASYNC, "flat"),
        (FLASK, "flat"),
    ]
    assert [v.requests.ok for v in summary.variants] == [80, 80, 80]
    assert summary.variants[0].cause == "native memory (likely)"
    assert not summary.run.partial
    assert {path.name for path in folder.path.iterdir()} == {
        *("experiment.json", "samples", "summary.json"),
        *("report.md", "report.html", "curves.svg"),
    }
    assert (tmp_path / "latest").resolve() == folder.path.resolve()
    data = json.loads((folder.path / "summary.json").read_bytes())
    assert data["run"]["id"] == folder.id == summary.run.id
    assert data["run"]["engine"]["kind"] == "scripted"


def test_the_record_of_a_run_says_what_was_asked_for_and_where(tmp_path: Path) -> None:
    with ScriptedEngine(SCRIPTS, 0.002) as engine:
        folder, _, _ = conducted(engine, tmp_path, VARIANTS="py37-flask", SEED="7")
    experiment = folder.read_experiment()

    assert experiment.variants == (FLASK,)
    assert experiment.engine.kind == "scripted"
    assert experiment.settings["seed"] == 7
    assert experiment.settings["variants"] == "py37-flask"
    assert list(experiment.lanes) == ["lanes", "load_slots", "budget_bytes"]
    assert experiment.lanes["budget_bytes"] == 8 << 30
    assert set(experiment.lock_hashes) >= {"driver", "thread"}
    assert experiment.elapsed_seconds is not None


def test_what_could_not_be_built_or_cannot_fit_is_missing_and_the_others_run(
    tmp_path: Path,
) -> None:
    unbuilt = {"memlab-py38-thread": "the index did not answer"}
    with ScriptedEngine(SCRIPTS, 0.002) as engine:
        chosen = f"{SYNC} {ASYNC} py38-flask"
        _, summary, _ = conducted(
            engine, tmp_path, unbuilt=unbuilt, VARIANTS=chosen, MEMORY_BUDGET="2g"
        )

    assert [variant.name for variant in summary.variants] == [ASYNC]
    missing = {each.name: each.reason for each in summary.run.missing}
    assert missing.keys() == {SYNC, "py38-flask"}
    assert "2048 MiB: raise MEMORY_BUDGET" in missing[SYNC]
    assert missing["py38-flask"] == "the index did not answer"
    assert summary.run.exit_code == ExitCode.INCOMPLETE


def test_without_the_image_of_what_it_needs_a_variant_is_missing() -> None:
    plan = SlotPlan(slots=1, load_slots=1, budget_bytes=1 << 40)
    variants = read_matrix(COMPOSE, {})
    needing = {variant.name for variant in variants if "postgres" in variant.needs}
    ready, missing = split_missing(variants, {"memlab-postgres": "it was not built"}, plan)

    assert {gone.name for gone in missing} == needing
    assert {gone.reason for gone in missing} == {"it was not built"}
    assert {variant.name for variant in ready} == {v.name for v in variants} - needing


def test_a_bad_end_is_in_the_summary_with_its_reason(tmp_path: Path) -> None:
    scripts = {**SCRIPTS, FLASK: Script(cannot_start="no such container", log=("bye",))}
    with ScriptedEngine(scripts, 0.002) as engine:
        _, summary, printed = conducted(engine, tmp_path, VARIANTS=f"{ASYNC} {FLASK}")
    flask = summary.variants[1]

    assert flask.verdict.value == "inconclusive"
    assert "no such container" in flask.reason
    assert flask.trials[0].log_tail == ("bye",)
    assert summary.run.exit_code == ExitCode.INCOMPLETE
    assert f"{FLASK}  failed" in printed


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_keeps_what_is_done_and_says_partial(
    tmp_path: Path, number: signal.Signals
) -> None:
    # The second is still starting when the signal comes, for two seconds.
    with ScriptedEngine({**SCRIPTS, FLASK: Script(never_ready=True)}, 0.002) as engine:

        def interrupt() -> None:
            if wait_until(lambda: engine.stopped, step_seconds=0.002):
                os.kill(os.getpid(), number)

        threading.Thread(target=interrupt).start()
        _, summary, _ = conducted(engine, tmp_path, LANES="1", VARIANTS=f"{SYNC} {FLASK}")

        assert engine.running == {}

    assert summary.run.exit_code == ExitCode.INTERRUPTED
    assert summary.run.partial
    assert summary.variants[0].verdict.value == "bounded"
    assert summary.run.missing


class OnlyOnce(ScriptedEngine):
    """An engine whose variants are already there."""

    def can_restart(self) -> bool:
        return False


def test_trials_need_an_engine_that_restarts(tmp_path: Path) -> None:
    with OnlyOnce({}) as engine, pytest.raises(UsageError, match="TRIALS=2 needs fresh containers"):
        conducted(engine, tmp_path, TRIALS="2")

    assert list(tmp_path.iterdir()) == []


def test_a_load_that_cannot_be_sent_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    text = COMPOSE.read_text(encoding="utf-8")
    own = tmp_path / "compose.yaml"
    own.write_text(text.replace("lab.workload: lists", "lab.workload: lists\n  lab.requests: 7"))
    settings = raw.settings(VARIANTS=FLASK)
    with ScriptedEngine({}) as engine, pytest.raises(UsageError, match="py37-flask sends 7 requ"):
        measure_suite(
            SuiteRun(settings, engine, own, tmp_path / "results"), Console(file=io.StringIO())
        )

    assert not (tmp_path / "results").exists()


class Recording(RunDecider):
    """Repeats the async variant, and remembers what it was asked."""

    def __init__(self) -> None:
        self.repeats_asked: list[tuple[str, ...]] = []
        self.status_asked: list[tuple[str, ...]] = []

    def variants_to_repeat(self, _: RunFolder, names: tuple[str, ...]) -> tuple[str, ...]:
        self.repeats_asked.append(names)
        return (ASYNC,)

    def status_line(self, folder: RunFolder, names: tuple[str, ...]) -> str:
        assert set(names) <= folder.read_trials().keys()
        self.status_asked.append(names)
        return f"claims decided {len(names)} of 42"


def test_the_decider_hears_of_each_variant_and_is_asked_once_for_repeats(tmp_path: Path) -> None:
    decider = Recording()
    with ScriptedEngine(SCRIPTS, 0.002) as engine:
        folder, _, printed = conducted(
            engine, tmp_path, decider=decider, VARIANTS=f"{ASYNC} {FLASK}"
        )

    assert [len(names) for names in decider.status_asked] == [1, 2, 2]
    assert [sorted(names) for names in decider.repeats_asked] == [[ASYNC, FLASK]]
    assert {name: len(trials) for name, trials in folder.read_trials().items()} == {
        ASYNC: 2,
        FLASK: 1,
    }
    assert "claims decided 2 of 42" in printed


def test_an_engine_that_cannot_restart_is_asked_for_no_more_trials(tmp_path: Path) -> None:
    decider = Recording()
    with OnlyOnce(SCRIPTS, 0.002) as engine:
        _, summary, _ = conducted(engine, tmp_path, decider=decider, VARIANTS=ASYNC)

    assert decider.repeats_asked == []
    assert len(summary.variants[0].trials) == 1
