"""What is said of an app before anything is built."""

import json
from pathlib import Path

import pytest
from lab.__main__ import main
from lab.app.spec import AppSpec
from lab.app.spec_file import read_spec
from lab.app.spec_keys import BY_SETTING
from lab.commands.setup import check_app as check
from lab.commands.setup.check_app import unused
from lab.errors import ExitCode
from lab.records.codec import decode

DESCRIPTION = 'command = "python app.py"\n'


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "lab.toml").write_text(DESCRIPTION, encoding="utf-8")
    monkeypatch.setattr(check, "given_settings", lambda: {"APP": str(tmp_path)})
    return tmp_path


def test_it_prints_what_the_description_says_and_where_it_stands(
    app: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check-app"]) == ExitCode.DECIDED

    printed = capsys.readouterr()
    record, where = printed.out.splitlines()
    assert decode(AppSpec, json.loads(record)) == read_spec(app)
    assert where == f"{app.resolve()}/lab.toml"
    assert printed.err == ""


def test_of_an_app_without_a_description_it_prints_where_one_would_stand(
    app: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (app / "lab.toml").unlink()

    assert main(["check-app"]) == ExitCode.DECIDED
    assert capsys.readouterr().out == f"\n{app.resolve()}/lab.toml\n"


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("REQUESTS", "20000", "is not used by make try: set `count` in own.toml"),
        ("CONNECTION", "keep-alive", "is not used by make try: set `connection` in own.toml"),
        ("VARIANTS", "py37-*", "is not used by make try"),
    ],
)
def test_a_setting_of_the_matrix_is_not_ignored_in_silence(
    name: str, value: str, line: str
) -> None:
    assert list(unused({name: value, "MATTERS": "512"}, "own.toml")) == [f"{name}={value} {line}"]


def test_settings_that_an_own_app_has_are_no_news() -> None:
    given = {"MATTERS": "1", "HOST_CPUS": "4", "ENGINE": "process", "LANES": "2", "TRIALS": "3"}

    assert list(unused(given, "lab.toml")) == []


def test_a_setting_of_the_matrix_alone_is_one_that_make_try_has_no_use_for() -> None:
    assert {"SUITE", "ID", "VARIANTS", "FRESH", "SEED", *BY_SETTING} == {*check.OF_THE_MATRIX}


def test_what_is_named_in_their_place_is_a_key_of_a_description() -> None:
    assert BY_SETTING == {
        "REQUESTS": "count",
        "CONCURRENCY": "concurrency",
        "BLOCKS": "blocks",
        "WORKERS": "workers",
        "CONNECTION": "connection",
    }


def test_a_missing_app_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(check, "given_settings", lambda: {"APP": str(tmp_path / "none")})

    assert main(["check-app"]) == ExitCode.USAGE
    assert len(capsys.readouterr().err.splitlines()) == 1
