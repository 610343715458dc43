"""Other releases of what holds a leak, as `make try` asks for them."""

from pathlib import Path

import pytest
from lab.app.release import NoRelease
from lab.app.spec import AppSpec
from lab.causes.holders import HolderFinding
from lab.commands.app_plan import AppRunPlan
from lab.commands.try_release import RERUN, LocalReleases
from lab.engines.process.environments import Installed


def test_a_bundle_that_is_run_again_gets_no_other_release(tmp_path: Path) -> None:
    spec = AppSpec(tmp_path / "lab.toml", "shop")
    here = Installed(tmp_path / "bin/python3", "CPython 3.8.18")
    engine: object = None
    releases = LocalReleases(spec, here, engine, {RERUN: "1"}, tmp_path, tmp_path)  # type: ignore[arg-type]

    with pytest.raises(NoRelease, match="not tried again by make verify"):
        releases.added(AppRunPlan(spec, {}, (), {}), HolderFinding())
