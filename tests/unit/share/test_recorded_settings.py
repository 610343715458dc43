from dataclasses import replace

import pytest
from builders import app_answers, factories, raw
from lab.settings.declared import SETTINGS
from lab.share.recorded_settings import RERUN_BUDGET, budget_of, given_of, typed


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("make try APP='../my app' HOST_CPUS=4", {"APP": "../my app", "HOST_CPUS": "4"}),
        ("docker compose up --exit-code-from driver", {}),
        ("make try APP='unclosed", {}),
        ("x=1 LD_PRELOAD", {}),
        ("make try HOST_CPUS=4 " + "X" * 100_000, {}),
    ],
)
def test_words_that_set_something_are_found(command: str, found: dict[str, str]) -> None:
    assert typed(command) == found


def test_what_is_of_the_machine_or_of_nobody_is_left_out() -> None:
    command = "make repro HOST_CPUS=4 ENGINE=docker LD_PRELOAD=x PATH=/evil REQUESTS=80"
    experiment = replace(raw.experiment("py37-flask"), command=command)

    assert given_of(experiment, SETTINGS) == {
        "HOST_CPUS": "4",
        "REQUESTS": "80",
        "SUITE": experiment.suite,
        "VARIANTS": "py37-flask",
    }


HOW_A_MACHINE_RUNS_IT = (
    *("COMPOSE='python3 -c import_os'", "DOCKER_SOCKET=/etc/passwd", "COMPOSE_PROJECT_NAME=other"),
    *("TRUST=1", "RESULTS=/", "RESUME=latest", "RUN=..", "WITH=x", "BUNDLE=/dev/zero", "WATCH=1"),
    *("CHECK=1", "FRESH=1", "BUNDLE_LIMIT=auto", "GIT=--upload-pack=x", "PACKAGE=-r", "ID=T1"),
    *("GOOD=1", "BAD=2", "PYTHON=3.8", "OFFLINE=1", "LANES=64", "MEMORY_BUDGET=900g", "APP=/"),
    *("EXAMPLE=../..", "FAIL_ON=leak", "ENGINE=process", "SHELL=/x", "LAB_TAG=x", "LAB_UID=0"),
)


@pytest.mark.parametrize("suite", ["try", "core"])
@pytest.mark.parametrize("word", HOW_A_MACHINE_RUNS_IT)
def test_a_stranger_chooses_what_is_measured_and_not_how_it_is_run(suite: str, word: str) -> None:
    """COMPOSE is a command that the scripts run on the host."""
    experiment = replace(raw.experiment("own-x"), command=f"make {suite} {word}", suite=suite)

    assert word.partition("=")[0] not in given_of(experiment, SETTINGS)


def test_of_an_app_there_are_no_variants() -> None:
    experiment = replace(raw.experiment("own-x"), command="make try MATTERS=9", suite="try")

    assert given_of(experiment, SETTINGS) == {"MATTERS": "9"}


def test_a_load_that_was_served_whole_gets_time_to_be_served_whole_again() -> None:
    whole = app_answers.own_summary()
    short = replace(whole, own=replace(app_answers.app_answer(), load_note="361 of 4,000 requests"))

    assert budget_of(whole) == {"BUDGET": RERUN_BUDGET}
    assert budget_of(short) == budget_of(factories.core_summary()) == {}
