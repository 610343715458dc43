"""Student's t: what is written down is what scipy says, and its import is spared."""

import os
import subprocess
import sys

import pytest
from lab.verdict.student import CONFIDENCE, SHORT, quantile
from scipy.special import stdtr, stdtrit
from support.paths import ROOT

SCRIPTS = ROOT / "scripts"


@pytest.mark.parametrize("degrees", [*range(1, len(SHORT) + 3), 100, 998])
def test_between_its_quantiles_lies_what_the_confidence_says(degrees: int) -> None:
    high = quantile(degrees)

    assert stdtr(degrees, high) - stdtr(degrees, -high) == pytest.approx(CONFIDENCE, abs=1e-9)


@pytest.mark.parametrize("degrees", range(1, len(SHORT) + 1))
def test_what_is_written_down_is_what_scipy_says(degrees: int) -> None:
    assert quantile(degrees) == pytest.approx(stdtrit(degrees, (1 + CONFIDENCE) / 2), rel=1e-12)


def test_it_falls_towards_the_normal_distributions() -> None:
    found = [quantile(degrees) for degrees in range(1, 60)]

    assert found == sorted(found, reverse=True)
    assert quantile(100_000) == pytest.approx(1.96, abs=0.001)


def test_two_points_have_no_interval() -> None:
    with pytest.raises(ValueError, match="0 degrees"):
        quantile(0)


def test_a_runs_commands_do_without_the_import_of_scipy() -> None:
    program = (
        "import sys, lab.__main__, lab.measure.run, lab.commands.claim_decider;"
        "import lab.commands.rebuild, lab.verdict.student as student;"
        "student.quantile(3); print('scipy' in sys.modules); student.quantile(99);"
        "print('scipy' in sys.modules)"
    )
    told = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(SCRIPTS)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.stdout.split() == ["False", "True"]
