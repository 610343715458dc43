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
from builders import app_answers, factories
from lab.app.guess.guess_records import Guess
from lab.commands.app_runs.input import app_settings
from lab.commands.tries import watch as try_watch
from lab.commands.tries.local_guess import TryContext, keep
from lab.errors import ExitCode, LabError, UsageError
from lab.records.judgement import Interval, Verdict
from lab.records.summary import Summary
from lab.report.answer_change import change_line
from rich.console import Console

ANSWER = app_answers.app_answer()


def summary_of(bytes_a_request: float | None, suffix: str = "", **changes: Any) -> Summary:
    """The summary of a run that answers about an app which grew by so much."""
    rate = None if bytes_a_request is None else Interval(bytes_a_request, 0.0, 1e6)
    variant = replace(
        factories.variant_summary(ANSWER.variant + suffix), growth_bytes_per_request=rate
    )
    return replace(factories.summary((variant,)), own=replace(ANSWER, **changes))


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
    monkeypatch.setattr(try_watch, "latest_summary", lambda _: factories.summary())
    with pytest.raises(KeyboardInterrupt):
        try_watch.watch(tmp_path / "lab.toml", tmp_path, lambda _: ExitCode.DECIDED, Console())
    assert seen == [tmp_path]


def test_it_is_tried_again_after_each_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter((summary_of(75_162), summary_of(12, verdict=Verdict.FLAT)))
    changes = iter(range(2))
    tries = []

    def conduct(_: Any) -> ExitCode:
        tries.append(1)
        if len(tries) == 2:
            raise LabError("lab.toml: it does not start")
        return ExitCode.DECIDED

    def wait_for_change(*_: Any) -> Any:
        if next(changes, None) is None:
            raise KeyboardInterrupt

    monkeypatch.setattr(try_watch, "latest_summary", lambda _: next(answers))
    monkeypatch.setattr(try_watch.WatchedFolder, "wait_for_change", wait_for_change)
    console = Console(record=True, width=200)
    with pytest.raises(KeyboardInterrupt):
        try_watch.watch(tmp_path, tmp_path, conduct, console)

    text = console.export_text()
    assert len(tries) == 3
    assert "lab: lab.toml: it does not start" in text
    said = "the verdict changed from leak to flat; 12 B in place of 73.4 KiB a request."
    assert f"Compared with the last run, {said}" in text


def test_the_guess_that_a_try_writes_is_no_change_and_what_is_written_upon_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "app.py").touch()
    file, stamps, goes_on = tmp_path / "lab.toml", list[bool](), iter((True, False))

    def conduct(written: Callable[[Path], None]) -> ExitCode:
        if not file.exists():
            file.write_text("guessed", encoding="utf-8")
            written(file)
        else:
            file.write_text("mended by hand", encoding="utf-8")
        return ExitCode.DECIDED

    def wait_for_change(folder: try_watch.WatchedFolder, before: try_watch.Stamp) -> None:
        stamps.append(bool(folder.changed(before, try_watch.stamp_of(tmp_path))))
        if not next(goes_on):
            raise KeyboardInterrupt

    monkeypatch.setattr(try_watch, "latest_summary", lambda _: factories.summary())
    monkeypatch.setattr(try_watch.WatchedFolder, "wait_for_change", wait_for_change)
    with pytest.raises(KeyboardInterrupt):
        try_watch.watch(tmp_path, tmp_path, conduct, Console(quiet=True))

    assert stamps == [False, True]


def test_an_interrupted_try_ends_the_watch_and_its_answer_is_compared_with_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []
    monkeypatch.setattr(try_watch, "latest_summary", read.append)

    code = try_watch.watch(tmp_path, tmp_path, lambda _: ExitCode.INTERRUPTED, Console(quiet=True))

    assert code is ExitCode.INTERRUPTED
    assert read == []


def test_what_is_the_same_is_told_with_how_much_it_is_now() -> None:
    assert change_line(summary_of(75_162), summary_of(37_581)) == (
        "Compared with the last run: still leak, with the same cause;"
        " 36.7 KiB in place of 73.4 KiB a request."
    )


def test_a_holder_that_holds_less_is_the_same_holder() -> None:
    half = summary_of(37_581, held_by=("app.CACHE (dict, 0 → 2,000 entries), about 9.6 MiB.",))

    assert change_line(summary_of(75_162), half).startswith("Compared with the last run: still ")
    other = summary_of(37_581, held_by=("app.SEEN (set, 0 → 2,000 entries)",))
    said = change_line(summary_of(75_162), other)
    assert "the holder changed from app.CACHE to app.SEEN; 36.7 KiB in place of 73.4 KiB" in said


def test_the_repetition_with_a_higher_limit_tells_how_much() -> None:
    line = change_line(summary_of(None), summary_of(2048, "-again"))

    assert line.endswith("; 2.0 KiB in place of an unknown number a request.")


def test_what_held_and_why_is_told() -> None:
    mended = summary_of(12, verdict=Verdict.FLAT, causes=(), held_by=())

    assert " to none; 12 B in place" in change_line(summary_of(2048), mended)


def test_a_run_without_an_answer_is_compared_with_nothing() -> None:
    assert change_line(factories.summary(), summary_of(12)) == ""


def test_containers_are_not_watched() -> None:
    with pytest.raises(UsageError, match="ENGINE=process"):
        try_watch.check_watched(in_driver=True)


def test_a_guess_that_is_written_is_told_to_who_watches(tmp_path: Path) -> None:
    written: list[Path] = []
    context = TryContext(tmp_path, tmp_path, {}, app_settings({}), print, written.append)

    for _ in range(2):  # the second finds the file, and writes nothing
        keep(context, Guess((), ()))

    assert written == [tmp_path / "lab.toml"]
    assert written[0].exists()
