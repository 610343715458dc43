"""Real tests share a scope where they share an engine; other tests share their file's."""

import pytest
from support.paths import ROOT
from support.scheduling import REAL_TESTS, SCOPES, is_real, scope_of


@pytest.mark.parametrize(
    ("nodeid", "scope"),
    [
        ("tests/integration/test_runs.py::test_repro[x::y]", "runs"),
        ("tests/integration/test_gate.py::test_a_call", "engine"),
        ("tests/integration/test_process_runs.py::test_repro", "processes"),
        ("tests/integration/test_app_verdicts.py::test_it[x]", "verdicts"),
        ("tests/unit/app/test_services.py::TestAll::test_one", "tests/unit/app/test_services.py"),
    ],
)
def test_its_scope(nodeid: str, scope: str) -> None:
    assert scope_of(nodeid) == scope


@pytest.mark.parametrize("name", SCOPES)
def test_the_files_that_are_named_are_there(name: str) -> None:
    assert (ROOT / REAL_TESTS / name).is_file()


def test_real_tests_are_told_by_their_folder() -> None:
    assert is_real("tests/integration/test_runs.py::test_repro")
    assert not is_real("tests/unit/app/test_services.py::test_one")
