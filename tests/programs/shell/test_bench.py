"""The container in which make bisect and make layers run without a Python of the host."""

import os
import re
import shlex
from pathlib import Path

import pytest
from lab.commands.searches.bench_pythons import needed
from lab.errors import UsageError
from lab.settings.declared import SETTINGS
from support.paths import ROOT
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
    assert "COPY --from=py38 /bench /\n" in recipe
    assert "ENV PATH=$PATH:/opt/pythons/3.8/bin" in recipe


def test_local_processes_that_are_asked_for_are_no_container() -> None:
    assert printed("is_in_container && echo container || echo host", ENGINE="process") == "host"


@pytest.mark.parametrize(
    ("verb", "given", "said"),
    [
        ("bisect", {"EXAMPLE": "ujson-failing"}, "lab: make bisect needs PACKAGE="),
        ("bisect", {"PACKAGE": "ujson"}, "lab: no app is named"),
        ("layers", {}, "lab: no app is named"),
    ],
)
def test_what_cannot_be_searched_is_one_line_before_anything_is_installed(
    verb: str, given: dict[str, str], said: str
) -> None:
    line = printed(f"check_searched {verb} || echo code $?", **given)

    code, told = line.splitlines()
    assert code == "code 64"
    assert told.startswith(said)


def test_what_can_be_searched_says_nothing() -> None:
    given = {"EXAMPLE": "ujson-failing", "PACKAGE": "ujson"}

    assert printed("check_searched bisect && check_searched layers && echo searched", **given) == (
        "searched"
    )


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


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A results folder with a run of its own, and what a container has written beside it."""
    results, written = tmp_path / "results", tmp_path / "results" / ".bench-0"
    for run in (results / "20260101-000000-core", written / "20260102-000000-layers-shop"):
        run.mkdir(parents=True)
        (run / "experiment.json").write_text(run.name, encoding="utf-8")
    (results / "latest").symlink_to("20260101-000000-core")
    (written / "latest").symlink_to("20260102-000000-layers-shop")
    return results


def kept(results: Path) -> str:
    line = f"RESULTS={shlex.quote(str(results))}; bench_keep $RESULTS/.bench-0"
    return printed(f"{line}; bench_keep ''; bench_keep $RESULTS/none")


def test_what_came_of_the_container_stands_beside_earlier_runs(results: Path) -> None:
    assert kept(results) == ""

    assert sorted(os.listdir(results)) == [
        "20260101-000000-core",
        "20260102-000000-layers-shop",
        "latest",
    ]
    assert os.readlink(results / "latest") == "20260102-000000-layers-shop"


def test_what_the_app_has_planted_there_replaces_and_leads_nowhere(results: Path) -> None:
    written = results / ".bench-0"
    (written / "20260101-000000-core").mkdir()
    (written / "20260101-000000-core" / "experiment.json").write_text("evil", encoding="utf-8")
    (written / "2-link").symlink_to("/etc")
    (written / "2-file").write_text("x", encoding="utf-8")
    (written / "2-$(touch x)\x1b[2J").mkdir()
    (written / "2 a\nb").mkdir()
    (written / ".hidden").mkdir()
    (written / "more").mkdir()
    os.mkfifo(written / "2-pipe")
    (written / "latest").unlink()
    (written / "latest").symlink_to("../../../etc")
    closed = written / "closed"
    closed.mkdir(mode=0)

    kept(results)
    assert sorted(os.listdir(results)) == [
        "20260101-000000-core",
        "20260102-000000-layers-shop",
        "latest",
    ]
    assert (results / "20260101-000000-core" / "experiment.json").read_text(
        encoding="utf-8"
    ) == "20260101-000000-core"
    assert os.readlink(results / "latest") == "20260101-000000-core"


def test_a_folder_called_latest_stays(results: Path) -> None:
    (results / "latest").unlink()
    (results / "latest").mkdir()

    kept(results)
    assert (results / "latest").is_dir()
    assert list((results / "latest").iterdir()) == []


def test_the_container_sees_no_earlier_run_and_no_other_user_the_apps_copy() -> None:
    text = (ROOT / "scripts" / "shell" / "bench.sh").read_text(encoding="utf-8")
    mounts = re.findall(r'--volume "([^"]*(?:"[^"]*"[^"]*)?):/lab/results"', text)

    assert mounts == ['$(cd "$bench_results" && pwd -P)']
    assert "chmod 755" not in text
