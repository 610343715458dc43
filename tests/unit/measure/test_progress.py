import io
import re
import time

import pytest
from lab.measure import progress
from lab.measure.progress import Board, LiveProgress, PlainProgress, VariantProgress, progress_for
from lab.units import MIB
from rich.console import Console


def console(terminal: bool = False) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=120)


def text_of(screen: Console) -> str:
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


def test_a_line_says_what_is_known() -> None:
    line = VariantProgress("one", 1000, "load", 250, 40 * MIB, time.monotonic() - 10)

    assert line.cells() == (
        "one",
        "load",
        "250 of 1,000",
        "40.0 MiB",
        "25/s",
        "30 s left",
    )


def test_what_is_not_known_yet_is_left_open() -> None:
    assert VariantProgress("one", 1000).cells() == (
        "one",
        "waiting for a slot",
        "0 of 1,000",
        "\N{EN DASH}",
        "",
        "",
    )


def test_a_finished_line_has_no_rate_and_nothing_left() -> None:
    assert VariantProgress("one", 10, "done", 10, MIB, time.monotonic() - 1).cells()[4:] == ("", "")


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
    with progress_for(shown, {"one": 10}) as run_progress:
        for state in ("starting", "warming up", "baseline", "load", "cooldown", "died"):
            run_progress.update("one", state=state, done=5, memory_bytes=30 * MIB)

    assert isinstance(run_progress, PlainProgress)
    assert [line.split("  ")[1] for line in text_of(shown).splitlines()] == ["starting", "died"]
    assert "\x1b" not in text_of(shown)


def test_now_and_then_there_is_a_look_at_all() -> None:
    shown = console()
    run_progress = PlainProgress(Board(dict.fromkeys(("one", "two", "three"), 10)), shown, -1.0)
    run_progress.board.change("one", "load", 1, None)
    run_progress.board.change("three", "done", 10, None)
    run_progress.update("two", state="cooldown")

    assert [line.split("  ")[0] for line in text_of(shown).splitlines()] == ["one", "two"]


def test_on_a_terminal_there_is_a_live_table() -> None:
    shown = console(terminal=True)
    with progress_for(shown, {"one": 10, "two": 10}) as run_progress:
        run_progress.update("two", state="load", done=5, memory_bytes=30 * MIB)

    assert isinstance(run_progress, LiveProgress)
    assert run_progress.table().row_count == 2
    assert "5 of 10" in text_of(shown)


def board_of(**totals: int) -> Board:
    return Board(totals, dict.fromkeys(totals, 1.0))


def test_the_headline_counts_variants_until_somebody_says_more() -> None:
    board = board_of(one=10, two=10)
    board.finish("one", None)

    assert board.headline().startswith("1 of 2 done, about ")
    board.finish("one", "claims decided 12 of 42")
    assert board.headline().startswith("claims decided 12 of 42, about ")


def test_a_table_that_is_closed_says_what_is_done_and_of_no_time() -> None:
    shown = console(terminal=True)
    with progress_for(shown, {"one": 10, "two": 10}) as run_progress:
        run_progress.update("one", state="load", done=10)
        run_progress.finished("one", None)
        run_progress.update("two", state="load", done=5)
        run_progress.board.started_seconds -= 60
        assert "about" in run_progress.board.headline()

    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text_of(shown)).split("\n")
    assert [line.strip() for line in lines if " done" in line][-1] == "1 of 2 done"


def test_a_note_stays_until_there_is_another() -> None:
    board = board_of(one=10, two=10)
    board.finish("one", "claims decided 12 of 42")
    board.finish("two", None)

    assert board.headline() == "claims decided 12 of 42"


def test_time_left_is_by_the_work_that_is_done() -> None:
    board = Board({"one": 10, "two": 10}, {"one": 3.0, "two": 1.0})
    board.started_seconds -= 600
    board.finish("one", None)

    assert board.left_seconds() == pytest.approx(200, rel=0.01)


def test_before_anything_is_done_no_time_is_said() -> None:
    assert board_of(one=10).left_seconds() is None
    assert board_of(one=10).headline() == "0 of 1 done"


def test_requests_that_are_done_count_before_their_variant_has_ended() -> None:
    board = board_of(one=10, two=10)
    board.change("one", "load", 10, None)

    assert board.share() == pytest.approx(0.475)


def test_what_was_kept_from_before_is_done_and_says_nothing_of_the_time() -> None:
    board = board_of(one=10, two=10)
    board.change("one", progress.KEPT, None, None)

    assert board.headline() == "1 of 2 done"
    assert board.left_seconds() is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(3, "10 s"), (44, "40 s"), (90, "2 min"), (480, "8 min"), (3601, "60 min")],
)
def test_a_time_to_come_is_said_no_finer_than_it_is_known(seconds: float, words: str) -> None:
    assert progress.rounded_time(seconds) == words


def test_of_many_variants_only_those_that_are_up_are_shown() -> None:
    board = board_of(**{f"v{number}": 10 for number in range(30)})
    board.change("v3", "load", 1, None)
    board.change("v4", "load", 1, None)
    board.finish("v4", None)

    assert [line.name for line in board.rows()] == ["v3"]


def test_the_end_of_a_variant_is_a_line_with_the_headline() -> None:
    shown = console()
    with progress_for(shown, {"one": 10, "two": 10}) as run_progress:
        run_progress.finished("one", "claims decided 1 of 42")

    assert text_of(shown).startswith("claims decided 1 of 42, about ")


def test_on_a_terminal_the_headline_stands_below_the_table() -> None:
    shown = console(terminal=True)
    with progress_for(shown, {"one": 10}) as run_progress:
        run_progress.finished("one", "claims decided 42 of 42")

    assert "claims decided 42 of 42" in text_of(shown)


@pytest.mark.parametrize("terminal", [True, False])
def test_what_is_known_so_far_is_shown(terminal: bool) -> None:
    shown = console(terminal)
    with progress_for(shown, {"one": 10}) as run_progress:
        run_progress.tell("one: +2.0 KiB a request, leans to leak; 2 min left")

    assert "+2.0 KiB a request, leans to leak; 2 min left" in text_of(shown)


def test_a_variant_that_is_begun_later_has_its_line() -> None:
    board = Board({"one": 10})
    board.expect("two", 20)
    board.change("two", "starting", None, None)

    assert [line.name for line in board.rows()] == ["one", "two"]
    assert board.lines["two"].total == 20


@pytest.mark.parametrize("terminal", [True, False])
def test_what_went_wrong_stays_as_it_was_said(terminal: bool) -> None:
    screen = console(terminal)
    with progress_for(screen, {"one": 10}) as shown:
        shown.warn("one cannot be stopped: [/red] [bold]")
        shown.tell("one: +2.0 KiB a request")

    assert "one cannot be stopped: [/red] [bold]" in text_of(screen)
