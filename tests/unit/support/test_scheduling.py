"""A real test is a scope of its own; other tests share their file's."""

import pytest
from support.paths import ROOT
from support.scheduling import REAL_TESTS, SHARING, is_real, scope_of, turn_of

RUN = "tests/integration/test_runs.py::test_repro[x::y]"
GATE = "tests/integration/test_gate.py"
UNIT = "tests/unit/app/test_services.py"


@pytest.mark.parametrize(
    ("nodeid", "scope"),
    [(RUN, RUN), (f"{GATE}::test_a_call", GATE), (f"{UNIT}::TestAll::test_one", UNIT)],
)
def test_its_scope(nodeid: str, scope: str) -> None:
    assert scope_of(nodeid) == scope


@pytest.mark.parametrize(
    ("nodeid", "fixtures", "turn"),
    [(RUN, ["tmp_path"], 0), (RUN, ["lab", "images", "engine"], 1), (UNIT, ["engine"], 2)],
)
def test_its_turn(nodeid: str, fixtures: list[str], turn: int) -> None:
    assert turn_of(nodeid, fixtures) == turn


@pytest.mark.parametrize("name", sorted(SHARING))
def test_the_files_that_are_named_are_there(name: str) -> None:
    assert (ROOT / REAL_TESTS / name).is_file()


def test_real_tests_are_told_by_their_folder() -> None:
    assert is_real(RUN)
    assert not is_real(f"{UNIT}::test_one")
