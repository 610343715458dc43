"""`lab compare` on the quoted runs, from their raw files alone."""

import json
from pathlib import Path

import pytest
from lab.__main__ import main
from support.quoted_runs import DOCKER_RUN, TRY_RUN, copy_raw

PROCESS_RUN = "20261124-030410-core"


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RESULTS", str(tmp_path))
    copy_raw(DOCKER_RUN, tmp_path)
    copy_raw(PROCESS_RUN, tmp_path)
    return tmp_path


def test_it_prints_and_writes_the_comparison(
    results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RUN", DOCKER_RUN)
    monkeypatch.setenv("WITH", PROCESS_RUN)

    assert main(["compare"]) == 0

    written = results / f"compare-{DOCKER_RUN}-{PROCESS_RUN}.md"
    assert written.read_text(encoding="utf-8").rstrip() in capsys.readouterr().out
    data = json.loads(written.with_suffix(".json").read_text(encoding="utf-8"))
    assert len(data["variants"]) == 12
    assert "engine" in {each["what"] for each in data["differences"]}


def test_a_run_is_left_as_it_is(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = sorted(path.name for path in (results / DOCKER_RUN).iterdir())
    monkeypatch.setenv("RUN", DOCKER_RUN)
    monkeypatch.setenv("WITH", DOCKER_RUN)

    assert main(["compare"]) == 0

    assert sorted(path.name for path in (results / DOCKER_RUN).iterdir()) == before


@pytest.mark.parametrize(("other", "said"), [("", "WITH is missing"), (TRY_RUN, "is not a run")])
def test_a_missing_run_is_one_line(
    results: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    other: str,
    said: str,
) -> None:
    monkeypatch.setenv("RUN", DOCKER_RUN)
    monkeypatch.setenv("WITH", other)

    assert main(["compare"]) == 64

    error = capsys.readouterr().err
    assert (said in error, error.count("\n")) == (True, 1)
