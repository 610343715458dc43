from pathlib import Path

import pytest
from builders import raw
from lab import __main__ as commands
from lab.commands.suite import plan
from lab.commands.table import COMMANDS
from lab.errors import ExitCode, LabError, UsageError, VariantError
from lab.store.run_folder import RunFolder


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("SUITE", "ID", "VARIANTS", "RUN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RESULTS", str(tmp_path))
    return tmp_path


def raising(error: BaseException) -> object:
    def command(*_: object) -> None:
        raise error

    return command


@pytest.mark.parametrize("words", [[], ["nonsense"], ["report", "--no-such-option"]])
def test_a_wrong_word_is_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(words) == ExitCode.USAGE
    assert "usage: lab" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--help"], ["report", "--help"]])
def test_help_is_no_failure(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(words) == ExitCode.DECIDED
    assert "usage: lab" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["--help"], ["--help", "report"], []])
def test_every_command_is_listed(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    commands.main(words)
    printed = capsys.readouterr()
    listed = printed.out or printed.err
    assert all(f"\n    {entry.name}" in listed for entry in COMMANDS) is bool(words)


def test_plan_says_what_a_variant_needs_beside_itself(
    results: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUITE", "thread")
    monkeypatch.setenv("VARIANTS", "py37-db-merged py37-flask")

    assert commands.main(["plan"]) == ExitCode.DECIDED
    printed = sorted(line.split() for line in capsys.readouterr().out.splitlines())
    assert printed == [
        ["py37-db-merged", "memlab-py37-thread-full", str(1 << 30), "postgres"],
        ["py37-flask", "memlab-py37-thread", str(1 << 30)],
    ]


def test_plan_prints_a_line_a_variant(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["plan"]) == ExitCode.DECIDED
    lines = capsys.readouterr().out.splitlines()

    assert len(lines) == 12
    assert lines[0] == "py37-fastapi-sync memlab-py37-thread 4294967296"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("VARIANTS", "py27-*", "VARIANTS='py27-*' matches nothing"),
        ("SUITE", "nope", "SUITE='nope' is unknown"),
        ("WORKERS", "'", 'WORKERS="\'" cannot be used'),
    ],
)
def test_a_setting_that_cannot_be_used_is_one_line(
    results: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
    said: str,
) -> None:
    monkeypatch.setenv(name, value)

    assert commands.main(["plan"]) == ExitCode.USAGE
    error = capsys.readouterr().err
    assert error.startswith(f"lab: {said}")
    assert error.count("\n") == 1


def test_an_unknown_run_is_usage(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["report", "--run", "nope"]) == ExitCode.USAGE
    assert capsys.readouterr().err.startswith("lab: RUN='nope' ")


@pytest.mark.parametrize("run", ["latest", "20240105-101500-core"])
def test_a_report_before_the_first_run_says_what_makes_one(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    run: str,
) -> None:
    monkeypatch.setenv("RESULTS", str(tmp_path / "results"))

    assert commands.main(["report", "--run", run]) == ExitCode.USAGE
    error = capsys.readouterr().err
    assert error.startswith(f"lab: RUN={run!r} is not a run in results/")
    assert "make repro" in error
    assert error.count("\n") == 1
    assert not (tmp_path / "results").exists()


def test_the_run_is_a_setting_too(
    results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RUN", "nope")

    assert commands.main(["report"]) == ExitCode.USAGE
    assert "RUN='nope'" in capsys.readouterr().err


def test_a_report_that_was_rebuilt_is_done_whatever_it_says(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = RunFolder.create(results, "run")
    folder.write_experiment(raw.experiment())
    folder.point_latest()

    assert commands.main(["report"]) == ExitCode.DECIDED
    assert f"rebuilt: {folder.path}/report.html" in capsys.readouterr().out


def test_a_folder_whose_name_looks_like_markup_is_a_folder(
    results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    strange = results / "[" / "red]\x1b[31m"
    monkeypatch.setenv("RESULTS", str(strange))
    folder = RunFolder.create(strange, "[x]")
    folder.write_experiment(raw.experiment("[/]"))
    folder.point_latest()

    assert commands.main(["report"]) == ExitCode.DECIDED
    shown = capsys.readouterr().out
    assert f"rebuilt: {results}/[/red]/[x]/report.html" in shown
    assert "[/]" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("wrong"), ExitCode.USAGE),
        (LabError("broken"), ExitCode.INCOMPLETE),
        (VariantError("gone"), ExitCode.INCOMPLETE),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED),
        (ZeroDivisionError("oops"), ExitCode.INTERNAL),
    ],
)
def test_every_error_has_its_exit_code(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: ExitCode,
) -> None:
    monkeypatch.setattr(plan, "select", raising(error))

    assert commands.main(["plan"]) == code
    assert ("Traceback" in capsys.readouterr().err) is (code is ExitCode.INTERNAL)


def test_the_exit_codes_are_the_designs() -> None:
    assert {code.name: int(code) for code in ExitCode} == {
        "DECIDED": 0,
        "FAILED": 1,
        "UNDECIDED": 2,
        "INCOMPLETE": 3,
        "USAGE": 64,
        "INTERNAL": 70,
        "INTERRUPTED": 130,
    }


def test_the_plan_of_a_claim_is_its_own_variants(
    results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ID", "T23")

    assert commands.main(["plan"]) == ExitCode.DECIDED
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert sorted(names) == ["py37-uvicorn-asyncio", "py37-uvicorn-uvloop"]
