"""Real tests share a scope where they share an engine; other tests share their file's."""

import pytest
from support.paths import ROOT
from support.scheduling import IN_LOCAL_PROCESSES, REAL_TESTS, scope_of


@pytest.mark.parametrize(
    ("nodeid", "scope"),
    [
        ("tests/integration/test_runs.py::test_two_trials[x::y]", "docker"),
        ("tests/integration/test_gate.py::test_a_call", "docker"),
        ("tests/integration/test_process_runs.py::test_repro", "processes"),
        ("tests/unit/app/test_services.py::TestAll::test_one", "tests/unit/app/test_services.py"),
    ],
)
def test_its_scope(nodeid: str, scope: str) -> None:
    assert scope_of(nodeid) == scope


@pytest.mark.parametrize("name", IN_LOCAL_PROCESSES)
def test_the_files_that_are_named_are_there(name: str) -> None:
    assert (ROOT / REAL_TESTS / name).is_file()
