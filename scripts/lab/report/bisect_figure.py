"""The picture of a bisection: bytes a request of the leak over the points."""

from dataclasses import dataclass

from lab.records.bisection import Bisection, PointResult, PointState
from lab.report.scales import Tick, round_numbers
from lab.report.template_files import picture
from lab.text.phrases import clipped, number, printable, size, size_unit

FIGURE_WIDTH, FIGURE_HEIGHT = 640, 180
FIGURE_LEFT, FIGURE_TOP, FIGURE_RIGHT, FIGURE_BOTTOM = 64, 34, 16, 78
FIGURE_HEADROOM = 1.08
LABEL_WIDTH = 15
"""Pixels between two labels below the axis, which stand upright."""
LABEL_LENGTH = 12
CLASSES = {PointState.GOOD: "flat", PointState.BAD: "leak", PointState.UNCLEAR: "inconclusive"}
"""The class of a mark, as the curves colour verdicts."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One measured point."""

    x: float
    y: float
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class Axis:
    """The positions of the points from left to right, and of bytes from the bottom up."""

    points: int
    most_bytes: float

    def x(self, index: int) -> float:
        return round((index + 0.5) / max(self.points, 1) * FIGURE_WIDTH, 1)

    def y(self, size_bytes: float) -> float:
        return round(FIGURE_HEIGHT * (1 - max(size_bytes, 0.0) / self.most_bytes), 1)


def bisect_svg(answer: Bisection) -> str:
    """The picture as a file of its own."""
    sizes = [each.leak_bytes for each in answer.points if each.leak_bytes is not None]
    axis = Axis(len(answer.points), max([1.0, *sizes]) * FIGURE_HEADROOM)
    factor, unit = size_unit(axis.most_bytes)
    text = picture("bisect.svg.j2").render(
        width=FIGURE_LEFT + FIGURE_WIDTH + FIGURE_RIGHT,
        height=FIGURE_TOP + FIGURE_HEIGHT + FIGURE_BOTTOM,
        left=FIGURE_LEFT,
        top=FIGURE_TOP,
        plot_width=FIGURE_WIDTH,
        plot_height=FIGURE_HEIGHT,
        unit=f"{unit} a request",
        marks=[mark(axis, i, each) for i, each in enumerate(answer.points) if has_size(each)],
        crosses=[
            axis.x(index)
            for index, each in enumerate(answer.points)
            if each.state is PointState.UNKNOWN
        ],
        x_ticks=x_ticks(answer, axis),
        y_ticks=[
            Tick(axis.y(value * factor), number(value, 0 if value == int(value) else 1))
            for value in round_numbers(axis.most_bytes / factor)
        ],
        description=" ".join(answer.said),
        package=answer.package,
    )
    return printable(text)


def has_size(result: PointResult) -> bool:
    return result.leak_bytes is not None and result.state in CLASSES


def mark(axis: Axis, index: int, result: PointResult) -> Mark:
    kept = result.leak_bytes or 0.0
    title = f"{result.point.label}: {result.state.value}, {size(kept)} a request"
    return Mark(axis.x(index), axis.y(kept), CLASSES[result.state], title)


def x_ticks(answer: Bisection, axis: Axis) -> list[Tick]:
    """Labels of the measured points, as far as they have room: those of the changes first."""
    changes = {label for each in answer.changes for label in (each.before, each.after)}
    measured = [(i, each) for i, each in enumerate(answer.points) if has_size(each)]
    measured.sort(key=lambda pair: pair[1].point.label not in changes)
    ticks: list[Tick] = []
    for index, each in measured:
        at = axis.x(index)
        if all(abs(at - tick.at) >= LABEL_WIDTH for tick in ticks):
            ticks.append(Tick(at, clipped(each.point.label, LABEL_LENGTH)))
    return ticks
