"""Where the answer of a rerun is said to stand."""

from pathlib import Path

import pytest
from lab.commands.sharing.outcome import below_the_lab
from lab.paths import ROOT


@pytest.mark.parametrize(
    ("path", "said"),
    [(ROOT / "results" / "verify-x", "results/verify-x"), (Path("/else/x"), "/else/x")],
    ids=["of the lab, as its container has it, too", "elsewhere"],
)
def test_a_file_of_the_lab_is_told_by_its_name_in_the_labs_folder(path: Path, said: str) -> None:
    assert str(below_the_lab(path)) == said
