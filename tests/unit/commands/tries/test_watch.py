"""An app is tried again when its files change, and what changed is told."""

import itertools
import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import app_answers
from lab.commands.tries import watch as try_watch
from lab.errors import ExitCode, LabError, UsageError
from lab.records.judgement import Verdict
from lab.report.answer_change import change_line
from rich.console import Console

ANSWER = app_answers.app_answer()


def test_a_change_is_a_file_that_is_new_gone_or_written(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("1", encoding="utf-8")
    (tmp_path / "__pycache__").mkdir()
    stamp = try_watch.stamp_of(tmp_path)

    (tmp_path / "__pycache__" / "app.pyc").write_text("x", encoding="utf-8")
    assert try_watch.stamp_of(tmp_path) == stamp
    (tmp_path / "app.py").write_text("10", encoding="utf-8")
    assert try_watch.stamp_of(tmp_path) != stamp


def watched(
    folder: Path, said: list[str], change: Callable[[int], object]
) -> try_watch.WatchedFolder:
    """The watched folder, in which something changes before each look."""
    numbers = itertools.count()

    def sleep(_: float) -> None:
        change(next(numbers))
        time.sleep(0.01)

    return try_watch.WatchedFolder(folder, said.append, settle_seconds=0.1, sleep=sleep)


def test_a_file_that_changes_all_the_time_is_told_and_watched_no_more(tmp_path: Path) -> None:
    log, said = tmp_path / "a\x1b[2J.log", list[str]()
    folder = watched(tmp_path, said, lambda number: log.write_text("x" * number, encoding="utf-8"))
    folder.wait_for_change(try_watch.stamp_of(tmp_path))
    assert said == [r"No longer watched, as changes never end: 'a\x1b[2J.log'."]

    before = try_watch.stamp_of(tmp_path)
    waiting = threading.Thread(target=folder.wait_for_change, args=(before,))
    waiting.start()
    waiting.join(0.2)
    assert waiting.is_alive()
    (tmp_path / "app.py").write_text("1", encoding="utf-8")
    waiting.join(10)
    assert not waiting.is_alive()
    assert len(said) == 1


def test_names_that_are_always_new_do_not_keep_it_waiting(tmp_path: Path) -> None:
    said: list[str] = []
    folder = watched(tmp_path, said, lambda number: (tmp_path / str(number)).touch())
    folder.wait_for_change(try_watch.stamp_of(tmp_path))
    assert len(said) == 1


def test_a_folder_of_a_million_files_is_one_line(tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / str(number)).touch()
    with pytest.raises(UsageError, match="looks at 3 files at most"):
        try_watch.stamp_of(tmp_path, most_files=3)


def test_symlinks_pipes_and_closed_folders_are_not_gone_into(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "nowhere").symlink_to("nowhere")
    (tmp_path / "root").symlink_to("/")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "closed").mkdir(mode=0)

    assert try_watch.stamp_of(tmp_path).keys() == {str(tmp_path / "pipe")}


def test_an_app_that_its_description_names_is_watched_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Path] = []

    def stop(folder: try_watch.WatchedFolder, _: object) -> None:
        seen.append(folder.folder)
        raise KeyboardInterrupt

    (tmp_path / "lab.toml").touch()
    monkeypatch.setattr(try_watch.WatchedFolder, "wait_for_change", stop)
    monkeypatch.setattr(try_watch, "latest_answer", lambda _: None)
    with pytest.raises(KeyboardInterrupt):
        try_watch.watch(tmp_path / "lab.toml", tmp_path, lambda: ExitCode.DECIDED, Console())
    assert seen == [tmp_path]


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
    monkeypatch.setattr(try_watch.WatchedFolder, "wait_for_change", wait_for_change)
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
