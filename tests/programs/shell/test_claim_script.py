"""make claim, as far as it goes without an engine."""

import os
import subprocess

import pytest
from support.paths import ROOT


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "which one? make claim ID=T23"),
        ("T99", "the nearest is T42"),
    ],
)
def test_a_claim_that_is_none_is_usage_before_anything_is_built(given: str, said: str) -> None:
    ended = subprocess.run(
        [ROOT / "scripts" / "claim"],
        env={**os.environ, "ID": given, "VARIANTS": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (ended.returncode, ended.stdout) == (64, "")
    assert said in ended.stderr


def test_the_line_that_asks_again_names_the_claim() -> None:
    done = subprocess.run(
        [ROOT / "scripts" / "shell" / "command-line"],
        env={**os.environ, "SUITE": "thread", "ID": "T23"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.startswith("make repro SUITE=thread ID=T23")
