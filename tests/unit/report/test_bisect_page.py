"""The page and the picture of a bisection."""

from dataclasses import replace
from xml.etree import ElementTree

from lab.records.bisection import Bisection, Point, PointKind, PointResult, PointState
from lab.report.bisect_figure import bisect_svg
from lab.report.bisect_page import bisect_page, point_rows

ANSWER = Bisection(
    schema_version=1,
    app="shop",
    package="orders",
    kind=PointKind.RELEASE,
    leak=None,
    changes=(),
    points=(
        PointResult(Point("1.0", "2024-01-02"), PointState.GOOD, 1, 3.0, 50.0),
        PointResult(Point("1.1"), PointState.OPEN),
        PointResult(Point("1.2|<b>", notes=("yanked: [x](y)",)), PointState.BAD, 2, 5000.0, 5050.0),
        PointResult(Point("1.3"), PointState.UNKNOWN, reason="<script>\x1b[31m"),
    ),
    left_out=("Left out: pre-releases, 3.",),
    said=("orders 1.2 leaks.",),
    measured_points=2,
    seconds=75.0,
    exit_code=0,
)


def test_the_page_has_a_row_for_each_point_that_says_anything() -> None:
    page = bisect_page(ANSWER)

    rows = [line for line in page.splitlines() if line.startswith("| ")][1:]
    assert len(rows) == 3
    assert rows[0] == "| `1.0` | 2024-01-02 | good | 3 B | 50 B |  |"
    assert "2 of 4 points were measured in 1 min 15 s. 1 point did not need to be measured." in page
    assert "bad (2 runs)" in rows[1]


def test_runs_of_an_earlier_bisection_are_told_as_the_time_does_not_hold_them() -> None:
    page = bisect_page(replace(ANSWER, earlier_runs=2))

    assert "measured in 1 min 15 s. 2 of the runs had been measured before. 1 point did" in page


def test_outside_text_is_only_text() -> None:
    page, picture = bisect_page(ANSWER), bisect_svg(ANSWER)

    assert "<script>" not in page
    assert "[x](y)" not in page
    assert "\x1b" not in page + picture
    ElementTree.fromstring(picture)
    assert "<b>" not in picture


def test_the_picture_has_a_mark_for_each_measured_point() -> None:
    picture = bisect_svg(ANSWER)

    assert picture.count('r="3.4"><title>') == 2
    assert "KiB a request" in picture


def test_a_bisection_without_any_measurement_is_drawn_too() -> None:
    empty = replace(ANSWER, points=(), said=())

    assert list(point_rows(empty)) == []
    ElementTree.fromstring(bisect_svg(empty))
