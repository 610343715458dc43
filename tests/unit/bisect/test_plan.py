"""What is measured next, and the answer that comes of it."""

import json
from collections.abc import Callable

from jsonschema import Draft202012Validator
from lab.bisect.answer import OF_ALLOCATED, Subject, answer_of
from lab.bisect.plan import Progress, wanted_points, with_result
from lab.errors import ExitCode
from lab.records import codec
from lab.records.bisection import (
    Bisection,
    Ends,
    Point,
    PointKind,
    PointMeasurement,
    PointState,
    SearchKind,
)
from support.paths import ROOT

SUBJECT = Subject("shop", "orders", PointKind.RELEASE)


def progress_of(count: int, ends: Ends, **unknown: str) -> Progress:
    points = tuple(Point(f"1.{minor}") for minor in range(count))
    return Progress(points, ends, unknown={int(key[1:]): why for key, why in unknown.items()})


def keeps(size: float, version: str = "1") -> PointMeasurement:
    return PointMeasurement(300, size + 50, 2.0, {"app.py:7": size}, packages={"http": version})


def searched(progress: Progress, run: Callable[[int], PointMeasurement | None]) -> Progress:
    for _ in range(100):
        chosen = wanted_points(progress, 2)
        if not chosen:
            return progress
        for index in chosen:
            progress = with_result(progress, index, run(index), "it cannot be built")
    raise AssertionError("the search has no end")


def answered(progress: Progress, run: Callable[[int], PointMeasurement | None]) -> Bisection:
    return answer_of(SUBJECT, searched(progress, run), 1.0)


def test_the_ends_come_first_and_the_bad_one_before_the_others() -> None:
    assert wanted_points(progress_of(30, Ends(20, 0, 29)), 5) == [20, 0, 29]


def test_both_changes_are_found() -> None:
    answer = answered(progress_of(30, Ends(15, 0, 29)), lambda i: keeps(900 * (9 <= i < 22)))

    first, second = answer.changes
    assert (first.kind, first.before, first.after) == (SearchKind.FIRST_BAD, "1.8", "1.9")
    assert (second.kind, second.before, second.after) == (SearchKind.FIRST_MENDED, "1.21", "1.22")
    assert answer.exit_code == ExitCode.DECIDED
    assert answer.said[0] == "orders 1.9 is the first that leaks; 1.8 is the last that does not."
    assert answer.said[1] == "orders 1.22 is the first that is mended; 1.21 is the last that leaks."
    assert answer.said[2].endswith(
        f"a request at the bad end and 0 B at the end that keeps least of it. {OF_ALLOCATED}"
    )
    assert answer.measured_points <= 14


def test_a_leak_that_was_always_there_is_told() -> None:
    answer = answered(progress_of(20, Ends(10, 0, 19)), lambda i: keeps(900 * (i < 14)))

    assert answer.said[0] == "orders 1.0 leaks already, and is the oldest that was measured."
    assert answer.exit_code == ExitCode.DECIDED


def test_a_newest_release_that_leaks_is_told() -> None:
    answer = answered(progress_of(20, Ends(10, 0, 19)), lambda i: keeps(900 * (i > 4)))

    assert "No release is mended: orders 1.19, the newest that was measured, leaks." in answer.said


def test_a_newest_python_that_leaks_is_no_release() -> None:
    progress = searched(progress_of(20, Ends(10, 0, 19)), lambda i: keeps(900 * (i > 4)))

    answer = answer_of(Subject("shop", "Python", PointKind.PYTHON), progress, 1.0)

    assert "No Python is mended: Python 1.19, the newest that was measured, leaks." in answer.said


def test_a_newest_that_cannot_be_measured_does_not_end_a_search_whose_oldest_leaks() -> None:
    progress = progress_of(20, Ends(10, 0, 19))

    answer = answered(progress, lambda i: None if i == 19 else keeps(900 * (i < 14)))

    assert answer.said[:2] == (
        "orders 1.0 leaks already, and is the oldest that was measured.",
        "orders 1.14 is the first that is mended; 1.13 is the last that leaks.",
    )
    assert answer.said[2].endswith(f"a request at the bad end. {OF_ALLOCATED}")
    assert answer.exit_code == ExitCode.DECIDED


def test_an_end_that_could_not_be_measured_is_told_with_its_reason() -> None:
    answer = answered(progress_of(9, Ends(5, 0, 8)), lambda i: None if i == 8 else keeps(0))

    assert (
        "1.0 keeps 50 B a request and 1.8 could not be measured (it cannot be built)"
        in (answer.said[0])
    )


def test_no_other_end_is_told_where_none_could_be_measured() -> None:
    progress = progress_of(6, Ends(5, 0, None))

    answer = answered(progress, lambda i: None if i == 0 else keeps(900 * (i > 2)))

    assert answer.said[0] == "orders 1.3 is the first that leaks; 1.2 is the last that does not."
    assert answer.said[1].endswith(f"a request at the bad end. {OF_ALLOCATED}")


def test_ends_that_do_not_differ_are_the_answer() -> None:
    answer = answered(progress_of(20, Ends(10, 0, 19)), lambda _: keeps(900))

    assert answer.exit_code == ExitCode.UNDECIDED
    assert answer.said[0].startswith("The ends do not differ in what they keep: 1.10 keeps 950 B")
    assert answer.measured_points == 3


def test_a_bad_end_that_cannot_be_measured_is_told() -> None:
    answer = answered(progress_of(5, Ends(4, 0, None)), lambda i: None if i == 4 else keeps(0))

    assert answer.said == ("orders 1.4 could not be measured: it cannot be built.",)


def test_points_that_cannot_be_measured_stand_between() -> None:
    progress = progress_of(12, Ends(11, 0, None), p6="it needs Python >=3.9")

    answer = answered(progress, lambda i: None if i == 7 else keeps(900 * (i > 6)))

    (change,) = answer.changes
    assert (change.before, change.between, change.after) == ("1.5", ("1.6", "1.7"), "1.8")
    assert [each.state for each in answer.points[6:8]] == [PointState.UNKNOWN] * 2
    assert answer.points[6].reason == "it needs Python >=3.9"
    assert "2 releases between them could not be measured: 1.6 and 1.7." in answer.said


def test_a_short_row_between_two_that_failed_is_not_tried_which_is_told() -> None:
    tried: list[int] = []

    def run(index: int) -> PointMeasurement | None:
        tried.append(index)
        return None if 8 <= index < 14 else keeps(900 * (index > 9))

    answer = answered(progress_of(40, Ends(39, 0, None)), run)

    (change,) = answer.changes
    assert (change.before, change.after) == ("1.7", "1.14")
    assert len({*tried} & {*range(8, 14)}) < 6
    (said,) = (each for each in answer.said if "6 releases between them" in each)
    assert "(not tried, as those beside them failed: 1." in said


def test_a_leak_that_came_back_is_told_where_points_contradict() -> None:
    leaks = {3, 4, 5, 6, 7, 8, 14, 15}
    progress = progress_of(16, Ends(15, 0, None))
    for index in (5, 5, 10, 10):
        progress = with_result(progress, index, keeps(900 * (index in leaks)), None)

    answer = answered(progress, lambda i: keeps(900 * (i in leaks)))

    (change,) = answer.changes
    assert (change.before, change.after) == ("1.13", "1.14")
    assert change.contradictions[0].startswith("1.5 has the leak and 1.10 has not")


def test_packages_that_had_to_move_are_told() -> None:
    run = lambda i: keeps(900 * (i > 2), "2" if i < 2 else "1")  # noqa: E731

    answer = answered(progress_of(6, Ends(5, 0, None)), run)

    assert answer.points[0].moved == {"http": "1 → 2"}
    assert answer.points[5].moved == {}


def test_a_good_end_behind_the_bad_one_asks_for_the_mend_alone() -> None:
    answer = answered(progress_of(20, Ends(3, 17, 19)), lambda i: keeps(900 * (i < 9)))

    (change,) = answer.changes
    assert (change.kind, change.before, change.after) == (SearchKind.FIRST_MENDED, "1.8", "1.9")


def test_an_answer_fits_its_published_schema() -> None:
    schema = json.loads((ROOT / "scripts/lab/records/bisect.schema.json").read_text("utf-8"))
    valid = Draft202012Validator(schema)
    answers = (
        answered(progress_of(30, Ends(15, 0, 29)), lambda i: keeps(900 * (9 <= i < 22))),
        answered(progress_of(9, Ends(8, 0, None)), lambda _: None),
    )

    for each in answers:
        written = json.loads(json.dumps(codec.encode(each)))
        valid.validate(written)
        assert not valid.is_valid({**written, "surprise": 1})


def test_a_time_in_which_nothing_can_be_measured_is_left_in_few_steps() -> None:
    failed: list[int] = []

    def run(index: int) -> PointMeasurement | None:
        if index < 110:
            failed.append(index)
            return None
        return keeps(900 * (140 <= index < 144))

    answer = answered(progress_of(176, Ends(143, 0, 175)), run)

    assert answer.changes[0].after == "1.140"
    assert answer.changes[1].after == "1.144"
    assert len(failed) <= 8
