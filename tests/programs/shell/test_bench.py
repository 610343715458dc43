"""The container in which make bisect and make layers run without a Python of the host."""

import pytest
from lab.commands.searches.bench_pythons import needed
from lab.errors import UsageError
from lab.settings.declared import SETTINGS
from support.shell_scripts import shell

NOT_PASSED_ON = {"APP", "RESULTS", "ENGINE", "GIT", "OFFLINE"}
"""Settings that are a mount, that choose the container, or that its images are made with."""


def printed(line: str, **given: str) -> str:
    done = shell("bench", line, **given)
    return (done.stdout + done.stderr).strip()


def test_every_setting_of_the_two_commands_reaches_the_container() -> None:
    asked = {each.name for each in SETTINGS if {"bisect", "layers"} & set(each.targets)}

    assert set(printed('echo "$bench_settings"').split()) == asked - NOT_PASSED_ON


def test_a_setting_that_was_given_is_passed_on_and_no_other() -> None:
    assert printed("bench_given", PACKAGE="ujson", LANES="2") == "--env LANES=2 --env PACKAGE=ujson"


def test_the_image_has_each_python_that_can_be_had_and_the_drivers_own_is_there() -> None:
    recipe = printed(
        'bench_recipe "3.8 3.12 3.13"',
        BASE_PY38="memlab-base:py3.8",
        BASE_PY312="memlab-base:py3.12",
        BASE_PY313="memlab-base:missing",
    )

    assert [line for line in recipe.splitlines() if line.startswith("FROM ")] == [
        "FROM memlab-base:py3.8 AS py38",
        f"FROM memlab-driver{printed('echo $LAB_TAG')}",
    ]
    assert "COPY --from=py38 /bench/pythons /opt/pythons" in recipe
    assert "ENV PATH=$PATH:/opt/pythons/3.8/bin" in recipe
    assert recipe.splitlines()[-1] == "USER 1000:1000"


def test_local_processes_that_are_asked_for_are_no_container() -> None:
    assert printed("is_in_container && echo container || echo host", ENGINE="process") == "host"


def test_a_clone_of_a_package_is_for_the_host_alone() -> None:
    assert "GIT= needs git" in printed("bench bisect; echo not reached", GIT="../ujson")
    assert "not reached" not in printed("bench bisect; echo not reached", GIT="../ujson")


@pytest.mark.parametrize(
    ("verb", "own", "given", "pythons"),
    [
        ("bisect", "3.8", {}, ["3.8"]),
        ("bisect", "3.9", {"PYTHON": "3.8..3.10"}, ["3.9", "3.8", "3.10"]),
        ("layers", "3.8", {}, ["3.8", "3.9"]),
        ("layers", "3.14", {}, ["3.14", "3.13"]),
    ],
)
def test_the_pythons_that_are_needed(
    verb: str, own: str, given: dict[str, str], pythons: list[str]
) -> None:
    assert needed(verb, own, given) == pythons


def test_a_range_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="PYTHON="):
        needed("bisect", "3.8", {"PYTHON": "3.9..3.8"})
