"""The page on real leaks says what its runs say, which stand in docs/runs/real-leaks.json."""

import re
from collections.abc import Iterable, Mapping

import pytest
from answer_record import AnswerRecord
from bench_answers import HARMLESS, LEAKING, SLOW, Answered, read_answers
from lab.records.judgement import Certainty
from lab.text.phrases import number
from support.documents import PAGES, rows, unquoted
from support.quoted_runs import RUNS

PAGE = " ".join(PAGES["real-leaks"].split())
ANSWERS: Mapping[str, Answered] = read_answers((RUNS / "real-leaks.json").read_bytes())["now"]
ROWS = {unquoted(row[0]): row[2:] for row in rows(PAGES["real-leaks"], "| example |")}
MENDED = [f"{name}/mended" for name in LEAKING]
HOLDERS = {
    r"No container .* calls (\S+?)(?: of \S+ \S+)?: .*": r"nobody in Python; `\1`",
    r"Nothing in Python refers to (\S+) objects of type (\S+): .* \((\S+?)(?: of \S+ \S+)?\)\.": (
        r"nothing refers to \1 objects of `\2`; `\3`"
    ),
    r"Nothing in Python holds it: (\S+?)(?: of \S+ \S+)? asked for it, called by (\S+)\.": (
        r"nobody in Python; `\1`, called by `\2`"
    ),
    r"Nothing in Python holds it: (\S+?)(?: of \S+ \S+)? asked for it\.": r"nobody in Python; `\1`",
    r"(.+?) \(([\w ]+), \S+ → \S+ entries, (\S+) a request.*": r"`\1` (\2, \3 a request)",
}
"""A sentence of an answer on who holds the memory, and the words of the table for it."""


def record_of(name: str) -> AnswerRecord:
    record = ANSWERS[name].record
    assert record is not None
    return record


def holder_text(sentence: str) -> str:
    (text,) = (
        match.expand(short)
        for pattern, short in HOLDERS.items()
        if (match := re.fullmatch(pattern, sentence))
    )
    return text


def cells(record: AnswerRecord) -> list[str]:
    """Verdict, growth in bytes a request, holder, package and cure, as the table says them."""
    growth = record.bytes_a_request
    assert growth is not None
    return [
        record.verdict.value,
        f"{number(growth.estimate)} ({number(growth.low)} to {number(growth.high)})",
        holder_text(record.held_by[0]),
        f"{record.package} {record.version}" if record.package else "the standard library",
        ", ".join(f"{cure.requirement}: {cure.verdict}" for cure in record.cures),
    ]


def ends(values: Iterable[float]) -> str:
    """The least and the greatest, as `64 to 178`."""
    ordered = sorted(values)
    return f"{ordered[0]:.0f} to {ordered[-1]:.0f}"


@pytest.mark.parametrize("name", LEAKING)
def test_a_row_is_what_the_run_of_its_app_says(name: str) -> None:
    mended = ANSWERS[f"{name}/mended"].verdict

    assert ROWS[name] == [*cells(record_of(name)), mended]


@pytest.mark.parametrize("name", HARMLESS)
def test_what_looks_like_a_leak_has_the_verdict_of_its_run(name: str) -> None:
    shown = {unquoted(row[0]): row[2] for row in rows(PAGES["real-leaks"], "| looks like a leak")}

    assert shown.keys() == set(HARMLESS)
    assert shown[name] == record_of(name).verdict


def test_the_apps_and_what_they_took_are_those_of_the_file() -> None:
    leaking = [ANSWERS[name] for name in LEAKING]
    others = [answer for name, answer in ANSWERS.items() if name not in LEAKING]
    loads = [answer.load for answer in ANSWERS.values() if answer.load is not None]
    standings = {cause.standing for name in LEAKING for cause in record_of(name).causes[:1]}
    days = {record_of(name).run[:8] for name in ANSWERS}
    commits = {record_of(name).commit for name in ANSWERS}

    assert ANSWERS.keys() == {*LEAKING, *MENDED, *HARMLESS, *SLOW}
    assert f"{ends(answer.seconds for answer in leaking)} s for each that leaks" in PAGE
    assert f"{ends(answer.seconds for answer in others)} s for each other" in PAGE
    assert f"load of {ends(loads)}" in PAGE
    assert (days, len(commits)) == ({"20261127"}, 1)
    assert "They ran on 2026-11-27 as local processes" in PAGE
    assert "The cause of each leak is proven." in PAGE
    assert standings == {Certainty.PROVEN}


def test_what_three_slow_apps_came_out_as_is_what_their_runs_say() -> None:
    growths = {name: record_of(name).bytes_a_request for name in SLOW}
    verdicts = {name: record_of(name).verdict.value for name in SLOW}
    quoted = [
        f"{number(growth.estimate)} B (`{name}`)"
        for name, growth in growths.items()
        if growth is not None and verdicts[name] == "leak"
    ]

    assert verdicts == {"slow-leak": "leak", "slow-flat": "flat", "slow-waits": "leak"}
    assert f"a leak of {' and of '.join(quoted)}; the third is `flat`" in PAGE


def test_a_holder_that_was_none_is_told() -> None:
    others = [record_of(name).held_by[1:] for name in LEAKING]

    assert [each.partition(" entries")[0] for rest in others for each in rest] == [
        "only C code (dict, 0 → 298"
    ]
    assert '"only C code (dict, 0 → 298 entries)"' in PAGE


def test_the_verdict_and_cause_of_an_answer_are_those_of_its_record() -> None:
    for name, answer in ANSWERS.items():
        causes = record_of(name).causes
        assert answer.verdict == record_of(name).verdict, name
        assert answer.cause == (causes[0].cause if causes else ""), name


def test_the_verdicts_that_another_day_gave_otherwise_are_told() -> None:
    before = read_answers((RUNS / "bench-answers.json").read_bytes())["now"]
    differ = sorted(n for n, answer in ANSWERS.items() if answer.verdict != before[n].verdict)

    assert before.keys() == ANSWERS.keys()
    assert f"of the {len(ANSWERS)} apps two have another verdict" in PAGE
    assert f"{' and '.join(f'`{name}`' for name in differ)} were `bounded`, and are `flat`" in PAGE
    assert {(before[n].verdict, ANSWERS[n].verdict) for n in differ} == {("bounded", "flat")}
