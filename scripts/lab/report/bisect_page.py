"""The page of a bisection, in Markdown."""

import re
from collections.abc import Iterator

from lab.records.bisection import Bisection, PointKind, PointResult, PointState
from lab.text.markdown import markdown_code, markdown_text
from lab.text.phrases import DASH, counted, duration, size

FIGURE = "bisect.svg"
HEADINGS = ("", "Date", "Result", "The leak, a request", "All that is live, a request", "Notes")
MOST_NOTE = 200
PAGES = re.compile(r"https://[A-Za-z0-9][\w./+!-]*", re.ASCII)
"""Addresses that are linked; no other of an index' is."""


def bisect_page(answer: Bisection) -> str:
    """The whole answer, in Markdown."""
    lines = [
        f"# {markdown_text(answer.app)}: {title(answer)}",
        "",
        *(f"- {markdown_text(sentence)}" for sentence in answer.said),
        "",
        f"![Bytes a request over the points]({FIGURE})",
        "",
        f"| {' | '.join((answer.kind.value.capitalize(), *HEADINGS[1:]))} |",
        "|---|---|---|--:|--:|---|",
        *(f"| {' | '.join(row)} |" for row in page_rows(answer)),
        "",
        f"{cost(answer)} {untouched(answer)}".rstrip(),
        *(markdown_text(sentence) for sentence in answer.left_out),
    ]
    return "\n".join(lines) + "\n"


def title(answer: Bisection) -> str:
    if answer.kind is PointKind.PYTHON:
        return "Python by Python"
    return f"{markdown_text(answer.package)}, {answer.kind.value} by {answer.kind.value}"


def cost(answer: Bisection) -> str:
    """How many points were measured in what time, and how many each search needed."""
    measured, points = answer.measured_points, counted(len(answer.points), "point")
    verb = "was" if measured == 1 else "were"
    searches = [
        f"{each.kind.value}: {each.measured_points:,} of {each.searched_points:,}"
        for each in answer.changes
    ]
    each_search = f" ({'; '.join(searches)})" if searches else ""
    whole = f"{measured:,} of {points} {verb} measured in {duration(answer.seconds)}"
    earlier = ""
    if answer.earlier_runs:
        earlier = f" {answer.earlier_runs:,} of the runs had been measured before."
    return f"{whole}{each_search}.{earlier}"


def untouched(answer: Bisection) -> str:
    """A sentence on the points that were not measured; empty without one."""
    count = sum(each.state is PointState.OPEN for each in answer.points)
    return f"{counted(count, 'point')} did not need to be measured." if count else ""


def shown_points(answer: Bisection) -> list[PointResult]:
    """The points that say anything."""
    return [each for each in answer.points if each.state is not PointState.OPEN]


def page_rows(answer: Bisection) -> Iterator[tuple[str, ...]]:
    for each in shown_points(answer):
        label, link = markdown_code(each.point.label), each.point.link or ""
        yield (
            f"[{label}]({link})" if PAGES.fullmatch(link) else label,
            markdown_text(each.point.date or DASH),
            result_text(each),
            size(each.leak_bytes),
            size(each.live_bytes),
            markdown_text("; ".join(notes(each)), MOST_NOTE),
        )


def result_text(result: PointResult) -> str:
    times = f" ({counted(result.runs, 'run')})" if result.runs > 1 else ""
    return f"{result.state.value}{times}"


def notes(result: PointResult) -> Iterator[str]:
    """What else is known of a point: why it failed, its notes, and what had to move with it."""
    if result.reason:
        yield result.reason
    yield from result.point.notes
    for name, change in list(result.moved.items())[:4]:
        yield f"{name} {change}"


def point_rows(answer: Bisection) -> Iterator[tuple[str, ...]]:
    """The points that say anything, for a terminal."""
    rows = [
        (each.point.label, each.point.date or "", result_text(each), size(each.leak_bytes))
        for each in shown_points(answer)
    ]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(4)]
    for row in rows:
        yield tuple(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
