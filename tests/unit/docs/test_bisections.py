"""The page on bisections says what its runs measured, which stands in docs/runs/bisections.json."""

import json
import tomllib
from collections.abc import Mapping
from math import ceil, log2

import pytest
from bench_bisections import LONG, SEARCHES, KeptSearch, read_searches, typed
from lab.app.folder import examples
from lab.bisect.answer import answer_from
from lab.errors import ExitCode
from lab.records.bisection import Bisection, Change, MeasuredPoints, PointKind, SearchKind
from lab.text.phrases import duration
from support.documents import PAGES, rows, unquoted
from support.paths import ROOT
from support.quoted_runs import RUNS

PAGE = " ".join(PAGES["bisect"].split())
FILE = RUNS / "bisections.json"
TRIED = read_searches(FILE.read_bytes())
FOUND: Mapping[str, KeptSearch] = {name: tries[-1] for name, tries in TRIED.items()}
ANSWERS: Mapping[str, Bisection] = {
    name: answer_from(kept.measured) for name, kept in FOUND.items()
}
ROWS = {unquoted(row[0]): row[1:] for row in rows(PAGES["bisect"], "| example |")}
EXAMPLES = examples(ROOT)
MOST_BYTES = 200_000


def searched(measured: MeasuredPoints, given: Mapping[str, str]) -> str:
    """What was searched, as the table says it."""
    first, last = measured.points[0].label, measured.points[-1].label
    if measured.kind is PointKind.PYTHON:
        return f"Python {first} to {last}"
    whole = f"{len(measured.points)} releases"
    good = given.get("GOOD")
    return f"{whole} from {first} on (`GOOD={good}`)" if good else whole


def came_with(measured: MeasuredPoints, change: Change | None) -> str:
    """The point with which the leak came."""
    if change is None:
        return "not searched"
    if change.before is not None:
        return str(change.after)
    assert change.after == measured.points[0].label
    oldest = "" if measured.kind is PointKind.PYTHON else ", the oldest with a wheel"
    return f"before {change.after}{oldest}"


def points_text(answer: Bisection) -> str:
    """Points that were measured, of each search with the most of a binary one, and failures."""
    each = (
        f"{change.measured_points} of {ceil(log2(change.searched_points)) + 2}"
        for change in answer.changes
    )
    text = f"{answer.measured_points} ({', '.join(each)})"
    tried = [result for result in answer.points if result.point.fault is None]
    failed = sum(result.reason is not None for result in tried)
    return f"{text}, and {failed} that do not start" if failed else text


def points_only(text: str) -> str:
    """`13 points (8 of 10, 6 of 7)` of what the table says, without the failures."""
    count, _, searches = text.partition(" (")
    return f"{count} points ({searches.partition(')')[0]})"


def cells(name: str) -> list[str]:
    """What the table says of a search, from its runs."""
    measured, answer = FOUND[name].measured, ANSWERS[name]
    changes = {change.kind: change for change in answer.changes}
    return [
        searched(measured, {**SEARCHES, **LONG}[name]),
        came_with(measured, changes.get(SearchKind.FIRST_BAD)),
        str(changes[SearchKind.FIRST_MENDED].after),
        points_text(answer),
        duration(measured.seconds),
    ]


@pytest.mark.parametrize("name", SEARCHES)
def test_a_row_is_what_the_runs_of_its_points_give(name: str) -> None:
    assert ROWS[name] == cells(name)


@pytest.mark.parametrize("name", SEARCHES)
def test_the_mended_release_is_the_one_of_the_example(name: str) -> None:
    with EXAMPLES[f"{name}/mended"].open("rb") as file:
        described = tomllib.load(file)
    mended = next(c for c in ANSWERS[name].changes if c.kind is SearchKind.FIRST_MENDED)
    package = FOUND[name].measured.package

    if package == "Python":
        assert mended.after == described["python"]
    else:
        assert f"{package}=={mended.after}" in described["requirements"]
    assert "Each mended release is the one that its project names." in PAGE


def test_all_are_of_one_commit_and_nothing_was_taken_from_an_earlier_search() -> None:
    assert FOUND.keys() == {*SEARCHES, *LONG}
    assert ROWS.keys() == SEARCHES.keys()
    assert len({FOUND[name].measured.git_commit for name in SEARCHES}) == 1
    assert {kept.measured.earlier_runs for kept in FOUND.values()} == {0}
    assert {answer.exit_code for answer in ANSWERS.values()} == {0}
    for name, kept in FOUND.items():
        assert kept.measured.command == f"make bisect {' '.join(typed(name))}"
        assert kept.run.endswith(f"-bisect-{kept.measured.app}")


def test_a_search_that_ended_without_an_answer_is_told() -> None:
    earlier = {name: tries[:-1] for name, tries in TRIED.items() if len(tries) > 1}

    assert [*earlier] == ["msgpack-iteration"]
    (first,) = earlier["msgpack-iteration"]
    assert answer_from(first.measured).exit_code == ExitCode.UNDECIDED
    assert first.measured.faults == {"1.2.4": "no process of the app reports its memory"}
    assert first.measured.git_commit == FOUND["msgpack-iteration"].measured.git_commit
    assert "The first search of `msgpack-iteration` ended without an answer" in PAGE


def test_the_long_search_took_its_time_where_a_lookup_walks_all_that_is_kept() -> None:
    (name,) = LONG
    measured = FOUND[name].measured
    _, came, went, points, time_taken = cells(name)
    slow = {"3.10.0", "3.10.1", "3.10.2", "3.10.4"}
    by_point = {label: [run.seconds for run in runs] for label, runs in measured.runs.items()}
    slow_seconds = sorted(each for label in slow for each in by_point.pop(label))
    other_seconds = sorted(each for runs in by_point.values() for each in runs)

    assert f"3.10.0 to 3.10.4 took {slow_seconds[0]:.0f} to {slow_seconds[-1]:.0f} s" in PAGE
    assert f"Its other points took {other_seconds[0]:.0f} to {other_seconds[-1]:.0f} s." in PAGE
    assert f"its search of {len(measured.points)} releases took {time_taken}" in PAGE
    assert f"the leak came with {came} and went with {went}, after {points_only(points)}" in PAGE


def test_where_and_when_they_ran_is_what_the_page_says() -> None:
    loads = sorted(FOUND[name].load for name in SEARCHES)
    days = {kept.measured.started_at[:10] for kept in FOUND.values()}
    cpus = {kept.measured.host.cpus for kept in FOUND.values()}

    assert (days, cpus) == ({"2026-11-27"}, {2})
    assert (
        "They ran on 2026-11-27 as local processes, one after another, on 2 cores, at the lowest"
        in PAGE
    )
    assert f"a load of {loads[0]:.0f} to {loads[-1]:.0f} at their ends" in PAGE


def test_the_file_is_small_and_names_nothing_of_this_machine() -> None:
    text = FILE.read_text(encoding="utf-8")

    assert len(text) < MOST_BYTES
    assert not [path for path in ("/tmp", "/home", "/root", "/work") if path in text]
    assert json.loads(text).keys() == FOUND.keys()
