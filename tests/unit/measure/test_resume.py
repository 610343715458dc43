"""An interrupted run of the suite `thread` is resumed where it stopped."""

import io
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import raw
from lab.commands.rebuild import rebuild
from lab.commands.setup.resume_settings import settings_of
from lab.errors import UsageError
from lab.measure.run import SuiteRun, measure_suite, settings_record
from lab.store.run_folder import RunFolder
from lab.units import MIB
from rich.console import Console
from support.compose_files import compose_of
from support.script import Script
from support.scripted_engine import WAITS, ScriptedEngine

SYNC, ASYNC, FLASK = "py37-fastapi-sync", "py37-fastapi-async", "py37-flask"


def write_compose(folder: Path) -> Path:
    """Three variants of the core as the suite of the thread."""
    path = folder / "compose.yaml"
    path.write_text(compose_of(SYNC, ASYNC, FLASK, suite="core thread"), encoding="utf-8")
    return path


def scripted() -> ScriptedEngine:
    return ScriptedEngine({name: Script((30 * MIB,)) for name in (SYNC, ASYNC, FLASK)}, 0.002)


@pytest.fixture
def compose(tmp_path: Path) -> Path:
    return write_compose(tmp_path)


@pytest.fixture
def engine() -> Iterator[ScriptedEngine]:
    with scripted() as engine:
        yield engine


@pytest.fixture
def idle() -> Iterator[ScriptedEngine]:
    """An engine of no variants: what run they would belong to is asked without a load."""
    with ScriptedEngine({}) as engine:
        yield engine


@pytest.fixture(scope="module")
def complete(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, RunFolder]:
    """A run of each suite with all of its trials, measured once for all tests."""
    compose = write_compose(tmp_path_factory.mktemp("complete"))
    with scripted() as engine:
        return {
            suite: conducted(engine, compose, compose.parent / suite, SUITE=suite)[0]
            for suite in ("thread", "core")
        }


@pytest.fixture
def first(complete: Mapping[str, RunFolder], tmp_path: Path) -> RunFolder:
    """A copy of the thread's, which a test may cut off."""
    return copy_of(complete["thread"], tmp_path)


@pytest.fixture
def first_core(complete: Mapping[str, RunFolder], tmp_path: Path) -> RunFolder:
    return copy_of(complete["core"], tmp_path)


def copy_of(run: RunFolder, results: Path) -> RunFolder:
    return RunFolder(Path(shutil.copytree(run.path, results / run.id)))


def conducted(
    engine: ScriptedEngine, compose: Path, results: Path, **given: str
) -> tuple[RunFolder, str]:
    console = Console(file=io.StringIO(), width=120)
    chosen = {
        "REQUESTS": "16",
        "CONCURRENCY": "2",
        "VARIANTS": "py37-fastapi-* py37-flask",
        "SUITE": "thread",
    }
    settings = raw.settings(**{**chosen, "MEMORY_BUDGET": "8g", **given})
    run = SuiteRun(settings, engine, compose, results, waits=WAITS)
    folder = measure_suite(run, console)
    folder.point_latest()
    assert isinstance(console.file, io.StringIO)
    return folder, console.file.getvalue()


def cut_off(folder: RunFolder, variant: str, **changes: Any) -> None:
    """As a killed driver would have left it, in the midst of a variant."""
    path = folder.path / "samples" / variant / "1.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-3]))
    cut = {"elapsed_seconds": None, **changes}
    folder.write_experiment(replace(folder.read_experiment(), **cut))


def ends(folder: RunFolder) -> Mapping[str, list[str]]:
    return {
        name: [trial.end.kind.value for trial in trials if trial.end]
        for name, trials in folder.read_trials().items()
    }


def test_what_is_complete_is_kept_and_the_rest_is_run(
    engine: ScriptedEngine, compose: Path, first: RunFolder, tmp_path: Path
) -> None:
    cut_off(first, FLASK)
    kept = (first.path / "samples" / SYNC / "1.jsonl").read_bytes()
    second, said = conducted(engine, compose, tmp_path)

    assert second.id == first.id
    assert engine.started == [FLASK]
    assert (second.path / "samples" / SYNC / "1.jsonl").read_bytes() == kept
    assert (second.path / "samples" / FLASK / "1.jsonl.1").exists()
    assert ends(second) == {name: ["complete"] for name in (SYNC, ASYNC, FLASK)}
    assert not rebuild(second).run.partial
    assert f"resuming {first.id}, of which 2 trials were kept" in said


def test_the_record_says_how_often_and_how_long(
    engine: ScriptedEngine, compose: Path, first: RunFolder, tmp_path: Path
) -> None:
    cut_off(first, FLASK, elapsed_seconds=1000.0, interrupted=True)
    begun = first.read_experiment().started_at
    second, _ = conducted(engine, compose, tmp_path)
    experiment = second.read_experiment()

    assert (experiment.resumed, experiment.started_at) == (1, begun)
    assert experiment.elapsed_seconds is not None
    assert 1000 < experiment.elapsed_seconds < 1060
    assert not experiment.interrupted


def test_a_complete_run_is_not_resumed(
    idle: ScriptedEngine, compose: Path, first: RunFolder, tmp_path: Path
) -> None:
    second, _ = conducted(idle, compose, tmp_path)

    assert second.id != first.id


@pytest.mark.parametrize(
    "given",
    [{"FRESH": "1"}, {"REQUESTS": "24"}, {"VARIANTS": FLASK}, {"SEED": "7"}, {"SUITE": "core"}],
    ids=lambda given: next(iter(given)),
)
def test_other_settings_begin_a_new_run(
    idle: ScriptedEngine, compose: Path, first: RunFolder, tmp_path: Path, given: dict[str, str]
) -> None:
    cut_off(first, FLASK)
    second, _ = conducted(idle, compose, tmp_path, **given)

    assert second.id != first.id


def test_other_slots_resume_the_same_run(
    idle: ScriptedEngine, compose: Path, first: RunFolder, tmp_path: Path
) -> None:
    cut_off(first, FLASK)
    second, _ = conducted(idle, compose, tmp_path, LANES="1")

    assert second.id == first.id


def core_run(engine: ScriptedEngine, compose: Path, results: Path, **given: str) -> RunFolder:
    return conducted(engine, compose, results, SUITE="core", **given)[0]


def test_a_run_that_is_named_goes_on_and_says_what_came_from_which_sitting(
    engine: ScriptedEngine, compose: Path, first_core: RunFolder, tmp_path: Path
) -> None:
    earlier = "2026-01-01T00:00:00+00:00"
    cut_off(first_core, FLASK, started_at=earlier)
    second = core_run(engine, compose, tmp_path, RESUME=first_core.id)
    summary = rebuild(second)
    sittings = summary.run.sittings

    assert second.id == first_core.id
    assert engine.started == [FLASK]
    assert [sitting.started_at for sitting in sittings] == [earlier, sittings[1].started_at]
    assert set(sittings[0].trials) | set(sittings[1].trials) == {
        f"{name} 1" for name in (SYNC, ASYNC, FLASK)
    }
    assert f"{FLASK} 1" in sittings[1].trials
    report = (second.path / "report.md").read_text()
    assert "Sitting 1, from 2026-01-01T00:00:00+00:00, measured " in report


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"SEED": "7"}, "begun with another SEED"),
        ({"VARIANTS": FLASK}, "begun with another VARIANTS"),
        ({"REQUESTS": "24"}, "begun with another REQUESTS"),
    ],
)
def test_a_run_of_other_settings_does_not_go_on(
    engine: ScriptedEngine,
    compose: Path,
    first_core: RunFolder,
    tmp_path: Path,
    given: dict[str, str],
    said: str,
) -> None:
    cut_off(first_core, FLASK)

    with pytest.raises(UsageError, match=said):
        core_run(engine, compose, tmp_path, RESUME=first_core.id, **given)


def test_a_run_that_has_ended_or_is_under_way_does_not_go_on(
    engine: ScriptedEngine, compose: Path, first_core: RunFolder, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="has ended: make report RUN="):
        core_run(engine, compose, tmp_path, RESUME=first_core.id)

    cut_off(first_core, FLASK)
    assert first_core.lock.take()
    with pytest.raises(UsageError, match="is under way"):
        core_run(engine, compose, tmp_path, RESUME=first_core.id)
    first_core.lock.release()
    with pytest.raises(UsageError, match="is not a run in"):
        core_run(engine, compose, tmp_path, RESUME="none")


def test_the_settings_of_a_run_are_typed_as_they_were_given() -> None:
    settings = {
        **settings_record(raw.settings(VARIANTS="py37-* py38-flask", HOST_CPUS="host", TRIALS="2")),
        "probes": False,
    }
    typed = dict(settings_of(raw.experiment(settings=settings)))

    assert typed["VARIANTS"] == "py37-* py38-flask"
    assert (typed["HOST_CPUS"], typed["TRIALS"], typed["LAB_PROBES"]) == ("host", "2", "0")
    assert not {"REQUESTS", "SUITE", "SEED"} & set(typed)


def test_a_strangers_settings_are_refused() -> None:
    with pytest.raises(UsageError, match="the run's own settings cannot be used: TRIALS="):
        dict(settings_of(raw.experiment(settings={"trials": "$(touch x)"})))
