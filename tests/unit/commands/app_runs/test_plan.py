"""What may be run of an app beside itself."""

from pathlib import Path

from lab.app.interventions import NO_ALLOCATORS
from lab.app.spec import AppSpec
from lab.commands.app_runs.plan import RERUN, changes_for

APP = AppSpec(Path("lab.toml"), "shop", command="python app.py")


def test_a_bundle_that_is_verified_tries_nothing_that_is_not_compared() -> None:
    """Eight runs side by side took a verify of Python 3.8's locks from two minutes to seven."""
    assert changes_for(APP, NO_ALLOCATORS, {})
    assert changes_for(APP, NO_ALLOCATORS, {RERUN: "1"}) == ()
