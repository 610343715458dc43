"""Repeated answers are added to those that are there, each as soon as it is given."""

import sys
from pathlib import Path

import bench_repeats
import pytest
from bench_answers import Answered


def test_answers_are_added_in_turn(tmp_path: Path) -> None:
    path = tmp_path / "bench-repeats.json"
    was_there: list[bool] = []

    def ask(name: str) -> Answered:
        was_there.append(path.exists())
        return Answered(seconds=len(was_there), verdict=name, cause="")

    bench_repeats.repeat(ask, ["late-cache"], 2, path)
    bench_repeats.repeat(ask, ["growing-log"], 1, path)

    repeats = bench_repeats.read_repeats(path.read_bytes())
    assert {app: [one.seconds for one in each] for app, each in repeats.items()} == {
        "late-cache": [1, 2],
        "growing-log": [3],
    }
    assert was_there == [False, True, True]


def test_an_app_that_is_not_there_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench_repeats.py", "nothing"])
    with pytest.raises(SystemExit):
        bench_repeats.main()

    assert "there is no app 'nothing': one of orjson-tzinfo, " in capsys.readouterr().err
