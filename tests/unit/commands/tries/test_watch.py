"""An app is tried again when its files change, and what changed is told."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import factories
from lab.commands.tries import watch as try_watch
from lab.errors import ExitCode, LabError, UsageError
from lab.records.judgement import Verdict
from lab.report.answer_change import change_line
from rich.console import Console

ANSWER = factories.app_answer()


def test_a_change_is_a_file_that_is_new_gone_or_written(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("1", encoding="utf-8")
    (tmp_path / "__pycache__").mkdir()
    stamp = try_watch.stamp_of(tmp_path)

    (tmp_path / "__pycache__" / "app.pyc").write_text("x", encoding="utf-8")
    assert try_watch.stamp_of(tmp_path) == stamp
    (tmp_path / "app.py").write_text("10", encoding="utf-8")
    assert try_watch.stamp_of(tmp_path) != stamp


def test_it_is_tried_again_after_each_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter((ANSWER, replace(ANSWER, verdict=Verdict.FLAT)))
    changes = iter(range(2))
    tries = []

    def conduct() -> ExitCode:
        tries.append(1)
        if len(tries) == 2:
            raise LabError("lab.toml: it does not start")
        return ExitCode.DECIDED

    def wait_for_change(*_: Any) -> Any:
        if next(changes, None) is None:
            raise KeyboardInterrupt

    monkeypatch.setattr(try_watch, "latest_answer", lambda _: next(answers))
    monkeypatch.setattr(try_watch, "wait_for_change", wait_for_change)
    console = Console(record=True, width=200)
    with pytest.raises(KeyboardInterrupt):
        try_watch.watch(tmp_path, tmp_path, conduct, console)

    text = console.export_text()
    assert len(tries) == 3
    assert "lab: lab.toml: it does not start" in text
    assert f"the verdict changed from {ANSWER.verdict.value} to flat" in text


def test_what_is_the_same_is_told_as_such() -> None:
    assert change_line(ANSWER, ANSWER).startswith("Compared with the last run: still ")


def test_what_held_and_why_is_told() -> None:
    mended = replace(ANSWER, verdict=Verdict.FLAT, causes=(), held_by=())

    assert change_line(ANSWER, mended).endswith("to none.")


def test_containers_are_not_watched() -> None:
    with pytest.raises(UsageError, match="ENGINE=process"):
        try_watch.check_watched(in_driver=True)
