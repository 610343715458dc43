"""The page on validation says what repeated answers said: docs/runs/repeats.json."""

from collections import Counter

from bench_answers import Answered
from bench_repeats import REPEATED, TIMES, read_repeats
from lab.records.judgement import Certainty
from support.documents import PAGES, rows, unquoted
from support.quoted_runs import RUNS

REPEATS = read_repeats((RUNS / "repeats.json").read_bytes())
ROWS = {unquoted(row[0]): row[1:] for row in rows(PAGES["validation"], "| | answers |")}


def growth_text(answers: list[Answered]) -> str:
    """The least and the most growth, in bytes a request."""
    each = sorted(
        round(a.record.bytes_a_request.estimate)
        for a in answers
        if a.record is not None and a.record.bytes_a_request is not None
    )
    assert len(each) == len(answers)
    return " to ".join(dict.fromkeys(f"{one:,}" for one in (each[0], each[-1])))


def row_of(answers: list[Answered]) -> list[str]:
    """An app's row: one verdict, one cause and one package, whichever answer is asked."""
    (verdict,) = {answer.verdict for answer in answers}
    (cause,) = {answer.cause for answer in answers}
    (package,) = {answer.record.package for answer in answers if answer.record is not None}
    reported = f"`{package}`" if package else "nobody"
    return [f"{len(answers)} {verdict}", cause or "none", growth_text(answers), reported]


def test_each_app_has_its_row() -> None:
    assert {name: row_of(answers) for name, answers in REPEATS.items()} == ROWS


def test_each_app_was_asked_as_often_as_the_command_asks() -> None:
    assert tuple(REPEATS) == REPEATED
    assert min(len(answers) for answers in REPEATS.values()) >= TIMES


def test_one_answer_alone_says_less_than_the_others() -> None:
    said = {
        (name, answer.record.held_by, answer.record.causes, answer.record.helps)
        for name, answers in REPEATS.items()
        for answer in answers
        if answer.record is not None
    }
    assert Counter(name for name, *_ in said) == {
        name: 2 if name == "late-cache" else 1 for name in REPEATED
    }
    (less,) = (
        answer
        for answer in REPEATS["late-cache"]
        if answer.record and answer.record.causes[0].standing is Certainty.LIKELY
    )
    assert (round(less.seconds), round(less.load or 0)) == (258, 16)
