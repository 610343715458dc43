"""Other releases of what holds a leak, as `make try` asks for them."""

from pathlib import Path

import pytest
from lab.app.interventions import server_change
from lab.app.release import NoRelease
from lab.app.spec import AppSpec
from lab.causes.diagnosis import Diagnosis
from lab.causes.holders import HolderFinding
from lab.commands.app_runs import explaining as app_explaining
from lab.commands.app_runs.explaining import Explaining
from lab.commands.app_runs.other_releases import LocalReleases
from lab.commands.app_runs.plan import RERUN, AppRunPlan
from lab.commands.app_runs.release import ReleaseRun
from lab.engines.process.environments import Installed
from lab.records.holders import CodeKind, Holder, Owner, Package
from lab.records.interventions import Intervention, InterventionPlan
from lab.records.judgement import Verdict
from lab.store.run_folder import RunFolder
from lab.verdict.verdict import Judgement


def test_a_bundle_that_is_run_again_gets_no_other_release(tmp_path: Path) -> None:
    spec = AppSpec(tmp_path / "lab.toml", "shop")
    here = Installed(tmp_path / "bin/python3", "CPython 3.8.18")
    engine: object = None
    releases = LocalReleases(spec, here, engine, {RERUN: "1"}, tmp_path, tmp_path)  # type: ignore[arg-type]

    with pytest.raises(NoRelease, match="not tried again by make verify"):
        releases.added(AppRunPlan(spec, {}, (), {}), HolderFinding())


def test_an_app_that_starts_its_own_server_gets_no_other(tmp_path: Path) -> None:
    spec = AppSpec(tmp_path / "lab.toml", "shop", command="python app.py")
    here = Installed(tmp_path / "env/bin/python3", "CPython 3.8.18")
    engine: object = None
    releases = LocalReleases(spec, here, engine, {}, tmp_path, tmp_path)  # type: ignore[arg-type]

    with pytest.raises(NoRelease, match="no other server is known"):
        releases.served(AppRunPlan(spec, {}, (), {}))


class Servers:
    """Another server that is there, or not."""

    def __init__(self, change: Intervention | None) -> None:
        self.change = change

    def added(self, plan: AppRunPlan, _: HolderFinding) -> tuple[AppRunPlan, Intervention]:
        raise NoRelease("not asked for")

    def served(self, plan: AppRunPlan) -> tuple[AppRunPlan, Intervention]:
        if self.change is None:
            raise NoRelease("no other server is known")
        return plan, self.change

    def end(self) -> None:
        """Nothing is being installed."""


HYPERCORN = server_change("hypercorn in place of uvicorn", "python -m hypercorn app:app")


@pytest.mark.parametrize(("package", "runs"), [("uvicorn", True), ("ujson", False)])
def test_another_server_runs_where_a_servers_own_code_holds_the_leak(
    tmp_path: Path, package: str, runs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = Owner(CodeKind.PACKAGE, package, Package(package, "1.0", None), is_in_app=False)
    holder = Holder("module.SEEN", "dict", 0, 9, 9, "Row", None, owner)
    judged = Judgement(Verdict.LEAK, "", None, 1)
    leak = Diagnosis(judged, 1, 1, (), (), (), (), holder=HolderFinding(holders=(holder,)))
    monkeypatch.setattr(app_explaining, "diagnosis_of", lambda *_: leak)
    spec = AppSpec(tmp_path / "lab.toml", "shop")
    tried = InterventionPlan("shop", "own-shop", "own-shop-control", (), ())

    def asked(change: Intervention | None) -> Intervention | None:
        plan, folder = AppRunPlan(spec, {}, (), {}), RunFolder(tmp_path)
        return Explaining(plan, folder, 0, ReleaseRun(Servers(change))).server_for(tried)

    assert asked(HYPERCORN) == (HYPERCORN if runs else None)
    assert asked(None) is None
