"""Two engines side by side: which run is compared with, and what is kept of it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import factories, raw
from builders.compared import PROCESS, bounded
from lab.commands.rebuild import rebuild
from lab.errors import LabError
from lab.measure.run import settings_record
from lab.records.experiment import EngineInfo, EngineKind, Experiment, HostInfo
from lab.records.judgement import Verdict
from lab.records.summary import ComparedVariant, Comparison
from lab.records.variant import Connection
from lab.report.render import summary_json
from lab.store.comparison import comparable, comparison_with, keep_comparison
from lab.store.run_folder import RunFolder
from lab.units import MIB

NAMES = ("py37-fastapi-sync", "py37-flask")
DOCKER = EngineInfo(EngineKind.DOCKER, "20.10", "v1")
AGREED = ("host_cpus", "workers", "requests", "concurrency", "connection", "blocks", "probes")


def by_processes(**changes: Any) -> Experiment:
    return raw.experiment(*NAMES, **{"engine": PROCESS, **changes})


def in_containers(**changes: Any) -> Experiment:
    return raw.experiment(*NAMES, **{"engine": DOCKER, **changes})


def test_two_engines_that_were_asked_the_same_are_comparable() -> None:
    assert comparable(by_processes(), in_containers())
    assert comparable(in_containers(), by_processes())


@pytest.mark.parametrize(
    "changes",
    [
        {"engine": replace(PROCESS, version="Linux 7")},
        {"elapsed_seconds": None},
        {"interrupted": True},
        {"suite": "long"},
        {"host": HostInfo(4, 16 << 30, "6.1", "a CPU")},
        {"host": HostInfo(2, 16 << 30, "6.2", "a CPU")},
        {"variants": ("py38-flask",)},
        *({"settings": {"suite": "core", "requests": 1000, name: 2}} for name in AGREED),
    ],
    ids=lambda changes: "-".join(map(str, changes.get("settings", changes))),
)
def test_what_was_asked_otherwise_is_not_comparable(changes: dict[str, Any]) -> None:
    assert not comparable(by_processes(), replace(in_containers(), **changes))


def test_what_only_changes_how_sure_and_how_fast_may_differ() -> None:
    other = in_containers(
        settings={"suite": "core", "requests": 1000, "trials": 3, "lanes": 2, "engine": "docker"},
        lanes={"lanes": 1},
        git_commit="0" * 40,
        started_at="2020-01-01T00:00:00+00:00",
        variants=NAMES[1:],
    )

    assert comparable(by_processes(), other)


def test_the_settings_that_must_agree_are_written_down_in_a_run() -> None:
    written = settings_record(raw.settings(HOST_CPUS="40", CONNECTION="keep-alive"))

    assert set(AGREED) <= set(written)
    assert (written["host_cpus"], written["connection"]) == (40, Connection.KEEP_ALIVE.value)


def test_the_other_runs_own_numbers_are_kept() -> None:
    other = factories.summary(
        [bounded(), factories.unmeasured(NAMES[1]), bounded("py38-flask")],
        id="20240105-101500-core",
        engine=PROCESS,
    )

    assert comparison_with(other, NAMES) == Comparison(
        run="20240105-101500-core",
        engine=replace(PROCESS, notes=()),
        variants=(
            ComparedVariant(NAMES[0], Verdict.BOUNDED, 64 * MIB, 40 * MIB),
            ComparedVariant(NAMES[1], Verdict.INCONCLUSIVE, None, None),
        ),
    )


def add_run(results: Path, name: str, experiment: Experiment, growth: int = MIB) -> RunFolder:
    """A finished run with its summary."""
    folder = RunFolder.create(results, name)
    folder.write_experiment(experiment)
    variants = [bounded(each, growth) for each in experiment.variants]
    summary = factories.summary(variants, id=name, engine=experiment.engine)
    folder.write_report({"summary.json": summary_json(summary)})
    return folder


@pytest.fixture
def mine(tmp_path: Path) -> RunFolder:
    """A run of this engine that has just ended; its summary is not written yet."""
    folder = RunFolder.create(tmp_path, "20240105-000000-core")
    folder.write_experiment(by_processes())
    return folder


def kept(folder: RunFolder) -> Comparison | None:
    keep_comparison(folder)
    return folder.read_comparison()


def test_the_newest_comparable_run_is_kept(mine: RunFolder, tmp_path: Path) -> None:
    add_run(tmp_path, "20240101-000000-core", in_containers(), 10 * MIB)
    add_run(tmp_path, "20240103-000000-core", in_containers(), 30 * MIB)
    add_run(tmp_path, "20240102-000000-core", in_containers(), 20 * MIB)
    add_run(tmp_path, "20240104-000000-core", in_containers(suite="long"), 40 * MIB)
    comparison = kept(mine)

    assert comparison is not None
    assert (comparison.run, comparison.engine) == ("20240103-000000-core", DOCKER)
    assert [each.growth_bytes for each in comparison.variants] == [30 * MIB] * 2


def test_a_run_is_not_compared_with_its_own_engine(mine: RunFolder, tmp_path: Path) -> None:
    add_run(tmp_path, "20240101-000000-core", by_processes())
    mine.write_report({"summary.json": summary_json(factories.summary())})

    assert kept(mine) is None
    assert not (mine.path / "comparison.json").exists()


def test_where_nothing_else_has_run_nothing_is_kept(tmp_path: Path) -> None:
    assert kept(add_run(tmp_path, "alone", by_processes())) is None


@pytest.mark.parametrize("name", ["summary.json", "experiment.json"])
@pytest.mark.parametrize("text", ["", "{", "[]", "{}", None])
def test_a_run_that_cannot_be_read_is_passed_over(
    mine: RunFolder, tmp_path: Path, name: str, text: str | None
) -> None:
    add_run(tmp_path, "20240101-000000-core", in_containers())
    broken = add_run(tmp_path, "20240103-000000-core", in_containers())
    (broken.path / name).unlink()
    if text is not None:
        (broken.path / name).write_text(text, encoding="utf-8")
    comparison = kept(mine)

    assert comparison is not None
    assert comparison.run == "20240101-000000-core"


def test_a_run_that_measured_none_of_these_is_passed_over(mine: RunFolder, tmp_path: Path) -> None:
    add_run(tmp_path, "20240101-000000-core", in_containers())
    never_built = add_run(tmp_path, "20240103-000000-core", in_containers())
    never_built.write_report({"summary.json": summary_json(factories.summary(engine=DOCKER))})
    comparison = kept(mine)

    assert comparison is not None
    assert comparison.run == "20240101-000000-core"


def test_the_link_to_the_latest_is_no_run_of_its_own(mine: RunFolder, tmp_path: Path) -> None:
    older = add_run(tmp_path, "20240101-000000-core", in_containers())
    newer = add_run(tmp_path, "20240103-000000-core", in_containers())
    older.point_latest()
    comparison = kept(mine)

    assert comparison is not None
    assert comparison.run == newer.id


def test_a_run_without_a_comparison_has_none(mine: RunFolder) -> None:
    assert mine.read_comparison() is None


@pytest.mark.parametrize("text", ["", "{", "[]", "5", "{}", '{"run": "x", "engine": 5}'])
def test_a_broken_comparison_is_one_clear_error(mine: RunFolder, text: str) -> None:
    (mine.path / "comparison.json").write_text(text, encoding="utf-8")

    with pytest.raises(LabError, match=r"run .*: comparison\.json cannot be read") as error:
        mine.read_comparison()
    assert "\n" not in str(error.value)


def test_a_rebuilt_report_has_the_comparison_that_was_kept(mine: RunFolder, tmp_path: Path) -> None:
    other = add_run(tmp_path, "20240101-000000-core", in_containers())
    keep_comparison(mine)
    (other.path / "summary.json").unlink()
    comparison = rebuild(mine).run.comparison

    assert comparison is not None
    assert comparison.run == other.id
    assert mine.read_summary().run.comparison == comparison
