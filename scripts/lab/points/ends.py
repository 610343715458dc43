"""The ends of a bisection: where the leak was seen, where it was not, and the newest point."""

from collections.abc import Sequence
from dataclasses import dataclass

from lab.errors import UsageError
from lab.points.versions import version_of
from lab.records.bisection import Ends, Point, PointKind
from lab.text.phrases import clipped, listed, they_were

NEAREST = 6


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the settings say of the ends; None: the lab chooses."""

    good: str | None
    bad: str | None
    current: str | None
    """The point of the app as it is."""


def position_of(points: Sequence[Point], label: str, setting: str) -> int:
    """The position of a point.

    Raises:
        UsageError: there is no such point; names some that are there.
    """
    for position, point in enumerate(points):
        if point.label == label or is_same(point.label, label):
            return position
    shown = listed([point.label for point in points[-NEAREST:]], NEAREST)
    raise UsageError(f"{setting}={clipped(label, 60)} is not one of the points, such as {shown}")


def is_same(label: str, other: str) -> bool:
    """Whether two texts are the same version, such as 1.0 and 1.0.0."""
    first, second = version_of(label), version_of(other)
    if first is None or second is None:
        return False
    return first.key == second.key and first.is_final == second.is_final


def usable(points: Sequence[Point]) -> list[int]:
    """The points that install here without being built; where there are none, all."""
    easy = [
        position for position, point in enumerate(points) if point.has_wheel and not point.fault
    ]
    return easy or [position for position, point in enumerate(points) if not point.fault]


def ends_of(points: Sequence[Point], wanted: Wanted) -> Ends:
    """The points that the search begins with.

    Raises:
        UsageError: a point that is named is not there, or nothing lies beside the bad end.
    """
    label = wanted.bad or wanted.current
    if label is None:
        raise UsageError("BAD= is missing: the point that leaks")
    bad = position_of(points, label, "BAD")
    easy = usable(points)
    last = max((position for position in easy if position > bad), default=None)
    if wanted.good is not None:
        good: int | None = position_of(points, wanted.good, "GOOD")
    else:
        good = min((position for position in easy if position < bad), default=None)
    if good == bad or (good is None and last is None):
        raise UsageError(f"BAD={label}: there is no other point to compare it with")
    is_behind = good is not None and good > bad
    return Ends(bad, good, None if is_behind else last)


def points_between(
    points: Sequence[Point], ends: Ends, kind: PointKind
) -> tuple[Sequence[Point], Ends, str]:
    """The points between the ends, the ends among them, and a sentence on those outside."""
    positions = ends.all()
    first, last = min(positions), max(positions)
    outside = [*points[:first], *points[last + 1 :]]
    moved = Ends(
        ends.bad - first,
        None if ends.good is None else ends.good - first,
        None if ends.newest is None else ends.newest - first,
    )
    sentence = ""
    if outside:
        where = f"before {points[first].label} or after {points[last].label}"
        were = they_were(len(outside), kind.noun)
        sentence = f"{were} not searched, {where}: {reasons(outside)}."
    return points[first : last + 1], moved, sentence


def reasons(outside: Sequence[Point]) -> str:
    """Why points are not between the ends, with the count of each reason."""
    faulty = sum(each.fault is not None for each in outside)
    built = sum(each.fault is None and not each.has_wheel for each in outside)
    counts = {
        "cannot be installed here": faulty,
        "must be built (GOOD may name one of them)": built,
        "left out by GOOD and BAD": len(outside) - faulty - built,
    }
    return listed([f"{count:,} {reason}" for reason, count in counts.items() if count])
