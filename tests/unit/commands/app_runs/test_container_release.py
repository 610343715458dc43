"""Another release for an app in containers: what one sitting asks for, what the next measures."""

from dataclasses import replace
from pathlib import Path

import pytest
from builders import raw
from lab.app.release import NoRelease
from lab.app.spec import AppSpec
from lab.causes.diagnosis import Diagnosis
from lab.causes.holders import HolderFinding
from lab.commands.app_runs.container_release import (
    LATER,
    OWN_IMAGE,
    OWN_INDEX,
    PYTHON_ALONE,
    BuiltRelease,
    LaterReleases,
    ReleaseWish,
    with_answer,
)
from lab.commands.app_runs.other_releases import NOT_AGAIN, OFFLINE
from lab.commands.app_runs.plan import RERUN, AppRunPlan
from lab.records.experiment import Experiment
from lab.records.holders import Package
from lab.records.judgement import Verdict
from lab.records.trial import Environment
from lab.store.run_folder import RunFolder
from lab.verdict.verdict import Judgement

SHOP = AppSpec(Path("lab.toml"), "shop", requirements=("ujson==5.3.0",))
UJSON = HolderFinding(package=Package("ujson", "5.3.0", None))
WISH = ReleaseWish("20261126-1-try-shop", "ujson", "5.3.0")


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    run = RunFolder.create(tmp_path, WISH.run)
    run.write_experiment(raw.experiment())
    return run


def leak(holder: HolderFinding | None, verdict: Verdict = Verdict.LEAK) -> Diagnosis:
    return Diagnosis(Judgement(verdict, "", None, 1), 1, 1, (), (), (), (), holder=holder)


def wished(folder: RunFolder, diagnosis: Diagnosis, **packages: str) -> ReleaseWish | None:
    base = replace(raw.trial(), environment=Environment("3.8.18", "glibc 2.36", 2, packages))
    return LaterReleases(SHOP, {}).wish(folder, base, diagnosis)


def test_a_leak_of_a_package_asks_for_its_newest_release(folder: RunFolder) -> None:
    assert wished(folder, leak(UJSON), UJSON="5.3.0") == WISH
    assert wished(folder, leak(UJSON), orjson="3.9.0") is None
    assert wished(folder, leak(UJSON, Verdict.BOUNDED), ujson="5.3.0") is None
    assert wished(folder, leak(None), ujson="5.3.0") is None


def test_an_interrupted_run_asks_for_nothing(folder: RunFolder) -> None:
    experiment: Experiment = folder.read_experiment()
    folder.write_experiment(replace(experiment, interrupted=True))

    assert wished(folder, leak(UJSON), ujson="5.3.0") is None


@pytest.mark.parametrize(
    ("spec", "given", "holder", "reason"),
    [
        (SHOP, {}, UJSON, LATER),
        (SHOP, {RERUN: "1"}, UJSON, NOT_AGAIN),
        (SHOP, {"OFFLINE": "1"}, UJSON, OFFLINE),
        (SHOP, {}, HolderFinding(), PYTHON_ALONE),
        (replace(SHOP, image="shop:1"), {}, UJSON, OWN_IMAGE),
        (replace(SHOP, dockerfile=Path("Dockerfile")), {}, UJSON, LATER),
        (replace(SHOP, index_url="https://x.test"), {}, UJSON, OWN_INDEX),
    ],
)
def test_why_the_first_sitting_has_none(
    spec: AppSpec, given: dict[str, str], holder: HolderFinding, reason: str
) -> None:
    with pytest.raises(NoRelease) as refused:
        LaterReleases(spec, given).added(AppRunPlan(spec, {}, (), {}), holder)

    assert str(refused.value) == reason


def test_what_was_built_is_measured_where_it_is_another_version() -> None:
    plan = AppRunPlan(SHOP, {}, (), {})
    built = with_answer(WISH, "5.10.0", "")

    _, change = BuiltRelease(built).added(plan, UJSON)

    assert change.line == "ujson 5.10.0 in place of 5.3.0"
    for newest, reason, said in (
        ("5.3.0", "", "is the newest release"),
        ("", "ERROR: no matching distribution", "no matching distribution"),
    ):
        with pytest.raises(NoRelease, match=said):
            BuiltRelease(with_answer(WISH, newest, reason)).added(plan, UJSON)
    with pytest.raises(NoRelease):
        BuiltRelease(built).added(plan, HolderFinding(package=Package("orjson", "3", None)))
