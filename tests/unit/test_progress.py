import io
import time

import pytest
from lab import progress
from lab.progress import Board, Line, LiveProgress, PlainProgress, progress_for
from rich.console import Console

MIB = 1 << 20


def console(terminal: bool = False) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=120)


def text_of(found: Console) -> str:
    assert isinstance(found.file, io.StringIO)
    return found.file.getvalue()


def test_a_line_says_what_is_known() -> None:
    line = Line("one", 1000, "load", 250, 40 * MIB, time.monotonic() - 10)

    assert line.cells() == (
        "one",
        "load",
        "250 of 1,000",
        "40.0 MiB",
        "25/s",
        "30 s left",
    )


def test_what_is_not_known_yet_is_left_open() -> None:
    assert Line("one", 1000).cells() == (
        "one",
        "waiting for a lane",
        "0 of 1,000",
        "\N{EN DASH}",
        "",
        "",
    )


def test_a_finished_line_has_no_rate_and_nothing_left() -> None:
    assert Line("one", 10, "done", 10, MIB, time.monotonic() - 1).cells()[4:] == ("", "")


def test_a_second_trial_begins_anew() -> None:
    board = Board({"one": 10})
    board.change("one", "load", 10, MIB)
    line = board.change("one", "starting", None, None)

    assert (line.done, line.started_seconds) == (0, None)


def test_a_change_keeps_what_it_does_not_name() -> None:
    board = Board({"one": 10})
    board.change("one", "load", 3, MIB)
    line = board.change("one", None, None, None)

    assert (line.state, line.done, line.memory_bytes) == ("load", 3, MIB)


def test_without_a_terminal_only_what_matters_is_a_line() -> None:
    shown = console()
    with progress_for(shown, {"one": 10}) as found:
        for state in ("starting", "warming up", "baseline", "load", "quiet", "died"):
            found.update("one", state=state, done=5, memory_bytes=30 * MIB)

    assert isinstance(found, PlainProgress)
    assert [line.split("  ")[1] for line in text_of(shown).splitlines()] == ["starting", "died"]
    assert "\x1b" not in text_of(shown)


def test_now_and_then_there_is_a_look_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PLAIN_EVERY_SECONDS", -1.0)
    shown = console()
    found = PlainProgress(Board(dict.fromkeys(("one", "two", "three"), 10)), shown)
    found.board.change("one", "load", 1, None)
    found.board.change("three", "done", 10, None)
    found.update("two", state="quiet")

    assert [line.split("  ")[0] for line in text_of(shown).splitlines()] == ["one", "two"]


def test_on_a_terminal_there_is_a_live_table() -> None:
    shown = console(terminal=True)
    with progress_for(shown, {"one": 10, "two": 10}) as found:
        found.update("two", state="load", done=5, memory_bytes=30 * MIB)

    assert isinstance(found, LiveProgress)
    assert found.table().row_count == 2
    assert "5 of 10" in text_of(shown)
