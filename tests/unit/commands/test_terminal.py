"""How a run's folder is named at the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab.commands.terminal import shown_path
from lab.paths import ROOT


@pytest.mark.parametrize(
    ("path", "outside", "shown"),
    [
        (ROOT / "results" / "one", None, "results/one"),
        (Path("/srv/measured/one"), None, "/srv/measured/one"),
        (ROOT / "results" / "one", "./results", "results/one"),
        (ROOT / "results" / "one", "/srv/measured", "/srv/measured/one"),
    ],
)
def test_a_run_is_named_as_it_is_found_by_who_reads_it(
    path: Path, outside: str | None, shown: str
) -> None:
    environment = {} if outside is None else {"LAB_HOST_RESULTS": outside}

    assert str(shown_path(path, environment)) == shown
