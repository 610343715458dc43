"""Repeated answers are added to those that are there, each as soon as it is given."""

import sys
from pathlib import Path

import bench_repeats
import pytest
from bench_answers import Answered, Asking


def test_answers_are_added_in_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, kept = tmp_path / "bench-repeats.json", []

    def answered(_: Asking, settings: dict[str, str]) -> Answered:
        kept.append(path.exists())
        return Answered(seconds=len(kept), verdict=settings["EXAMPLE"], cause="")

    monkeypatch.setattr(bench_repeats, "WRITTEN", path)
    monkeypatch.setattr(bench_repeats, "RUNS", tmp_path / "answers")
    monkeypatch.setattr(bench_repeats, "answered", answered)
    monkeypatch.setattr(sys, "argv", ["bench_repeats.py", "--times", "2", "late-cache"])
    bench_repeats.main()
    monkeypatch.setattr(sys, "argv", ["bench_repeats.py", "--times", "1", "growing-log"])
    bench_repeats.main()

    repeats = bench_repeats.read_repeats(path.read_bytes())
    assert {app: [one.seconds for one in each] for app, each in repeats.items()} == {
        "late-cache": [1, 2],
        "growing-log": [3],
    }
    assert kept == [False, True, True]
