"""compose.yaml is read as Compose reads it."""

from pathlib import Path

import pytest
from lab.errors import UsageError
from lab.matrix.compose_file import command_words, interpolate, read_service, read_services
from lab.matrix.variants import read_matrix
from support.compose_files import SERVICE, matrix
from support.paths import ROOT

COMPOSE = ROOT / "compose.yaml"
ARMS = ("fastapi-sync", "fastapi-async", "flask")
NAMES = [f"py{python}-{arm}" for python in ("37", "38", "39", "310") for arm in ARMS]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${A:-1}", "1"),
        ("${B:-1}", "two"),
        ("${C:-1}", "1"),
        ("${C-1}", "1"),
        ("${B}", "two"),
        ("${A}", ""),
        ("x ${B} ${A:-} y", "x two  y"),
        ("$B", "$B"),
    ],
)
def test_interpolation_as_compose_does_it(text: str, expected: str) -> None:
    assert interpolate(text, {"B": "two", "C": ""}) == expected


@pytest.mark.parametrize(
    "value",
    ["*", "py37-*", "'", '"', "a: b", "x\n  evil: {image: other}", "{}", "[1]", "&a", "# c", "- x"],
)
def test_no_value_changes_the_shape_of_the_document(value: str) -> None:
    before = read_services(COMPOSE, {})
    after = read_services(COMPOSE, {"VARIANTS": value, "LAB_COMMAND": value})

    assert list(after) == list(before)
    assert after["driver"]["environment"]["VARIANTS"] == value
    assert after["driver"]["environment"]["LAB_COMMAND"] == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "compose.yaml cannot be read"),
        ("", "compose.yaml has no services"),
        ("- 1", "compose.yaml has no services"),
        ("services: [1]", "compose.yaml has no services"),
        ("services:\n  one:\n", "service one is empty: write its image"),
        (
            "services:\n  one:\n    labels: ['lab.suite=core']\n",
            "service one must write its labels as `name: value` lines",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as refused:
        matrix(tmp_path, text)

    assert "\n" not in str(refused.value)


def test_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"compose\.yaml cannot be read"):
        read_matrix(tmp_path / "compose.yaml", {})


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("serve --threads 4", ("serve", "--threads", "4")),
        (
            "serve\n  --name 'a b' --say \"it's\" x\\ y",
            ("serve", "--name", "a b", "--say", "it's", "x y"),
        ),
        ("serve $HOME; *", ("serve", "$HOME;", "*")),
        ("serve ''", ("serve", "")),
        (["serve", "a b", "'", 4], ("serve", "a b", "'", "4")),
        ("", ()),
        ([], ()),
        (None, ()),
    ],
)
def test_a_command_is_words_for_no_shell(command: object, words: tuple[str, ...]) -> None:
    assert command_words("one", command) == words


@pytest.mark.parametrize("command", ["serve 'x", 'serve "x', "serve x\\", 5])
def test_a_command_that_cannot_be_split_is_refused(command: object) -> None:
    with pytest.raises(UsageError, match=r"the command of one cannot be read: .") as refused:
        command_words("one", command)

    assert "\n" not in str(refused.value)


def test_a_service_is_its_command_and_its_environment(tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text(SERVICE.replace("lists}", "lists, LAB_PROBES: 1, LAB_SHOWN: '${X:-none}'}"))
    service = read_service(path, "one", {"X": "a b"})

    assert service.command == ("serve", "--threads", "4")
    assert service.environment == {"LAB_WORKLOAD": "lists", "LAB_PROBES": "1", "LAB_SHOWN": "a b"}


def test_a_service_without_command_and_environment_has_none(tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text("services: {one: {image: memlab-one}}", encoding="utf-8")
    service = read_service(path, "one", {})

    assert (service.command, service.environment) == ((), {})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SERVICE.replace("one:", "two:"), r"compose\.yaml has no service one"),
        (SERVICE.replace("{LAB_WORKLOAD: lists}", "[A=1]"), "must write its environment as"),
        ("a: [", r"compose\.yaml cannot be read"),
    ],
)
def test_a_service_that_cannot_be_started_is_refused(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(UsageError, match=message):
        read_service(path, "one", {})


@pytest.mark.parametrize("name", NAMES)
def test_a_core_variant_is_bound_where_it_is_told(name: str) -> None:
    given = {"LAB_HOST": "127.0.0.1", "LAB_PORT": "15001", "LAB_SHM": "/a-folder"}
    in_a_container = read_service(COMPOSE, name, {})
    here = read_service(COMPOSE, name, given)

    assert here.command == in_a_container.command
    shared = in_a_container.environment["GUNICORN_CMD_ARGS"]
    assert shared == "--bind 0.0.0.0:8000 --worker-tmp-dir /dev/shm --timeout 120"
    told = here.environment["GUNICORN_CMD_ARGS"]
    assert told == "--bind 127.0.0.1:15001 --worker-tmp-dir /a-folder --timeout 120"
