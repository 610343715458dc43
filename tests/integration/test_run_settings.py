"""What a run is told, on a real engine: no probes, two trials, bad values."""

from __future__ import annotations

import pytest
from support.lab_commands import Lab
from support.small_runs import TINY, assert_whole, summary_of, variant

pytestmark = pytest.mark.engine


def test_there_is_a_verdict_without_probes(lab: Lab) -> None:
    lab.repro(LAB_PROBES="0", VARIANTS="py310-flask", REQUESTS="400", HOST_CPUS="4")

    found = variant(summary_of(lab), "py310-flask")
    assert found["processes"] is None
    assert found["verdict"] == "bounded"


def test_two_trials_are_two_fresh_containers(lab: Lab) -> None:
    done = lab.repro(VARIANTS="py310-flask", TRIALS="2", **TINY)
    summary = variant(summary_of(lab), "py310-flask")
    assert done.returncode in (0, 2), done.stderr
    assert len(summary["trials"]) == 2
    for trial in summary["trials"]:
        assert_whole(trial)
    baselines = [trial["troughs_bytes"][0] for trial in summary["trials"]]
    assert max(baselines) < 1.1 * min(baselines)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"WORKERS": "0"}, "WORKERS='0' cannot be used"),
        ({"VARIANTS": "py36-*"}, "VARIANTS='py36-*' matches nothing"),
    ],
)
def test_bad_settings_are_refused_in_one_line(
    lab: Lab, settings: dict[str, str], words: str
) -> None:
    done = lab.repro(**settings)
    assert done.returncode == 64
    assert words in done.stderr
    assert lab.left_behind() == []
