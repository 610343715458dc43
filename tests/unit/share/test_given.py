from dataclasses import replace

import pytest
from builders import factories, raw
from lab.share.given import RERUN_BUDGET, budget_of, given_of, typed

NAMES = ("HOST_CPUS", "VARIANTS", "SUITE", "APP", "ENGINE", "MATTERS", "REQUESTS")


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("make try APP='../my app' HOST_CPUS=4", {"APP": "../my app", "HOST_CPUS": "4"}),
        ("docker compose up --exit-code-from driver", {}),
        ("make try APP='unclosed", {}),
        ("x=1 LD_PRELOAD", {}),
    ],
)
def test_words_that_set_something_are_found(command: str, found: dict[str, str]) -> None:
    assert typed(command) == found


def test_what_is_of_the_machine_or_of_nobody_is_left_out() -> None:
    command = "make repro HOST_CPUS=4 ENGINE=docker LD_PRELOAD=x PATH=/evil REQUESTS=80"
    experiment = replace(raw.experiment("py37-flask"), command=command)

    assert given_of(experiment, NAMES) == {
        "HOST_CPUS": "4",
        "REQUESTS": "80",
        "SUITE": experiment.suite,
        "VARIANTS": "py37-flask",
    }


def test_of_an_app_there_are_no_variants() -> None:
    experiment = replace(raw.experiment("own-x"), command="make try MATTERS=9", suite="try")

    assert given_of(experiment, NAMES) == {"MATTERS": "9"}


def test_a_load_that_was_served_whole_gets_time_to_be_served_whole_again() -> None:
    whole = factories.own_summary()
    short = replace(whole, own=replace(factories.app_answer(), load_note="361 of 4,000 requests"))

    assert budget_of(whole) == {"BUDGET": RERUN_BUDGET}
    assert budget_of(short) == budget_of(factories.core_summary()) == {}
