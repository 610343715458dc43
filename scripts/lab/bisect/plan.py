"""What a bisection measures next: its ends first, then each of its searches. Pure."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import zip_longest

from lab.bisect.leak import chance_of, leak_between, leak_bytes
from lab.bisect.posterior import SURE, SearchEvidence
from lab.bisect.search import (
    PointGap,
    after_contradictions,
    best_gap,
    contradictions,
    doubtful,
    next_points,
)
from lab.records.bisection import (
    Ends,
    Leak,
    MeasuredPoints,
    Point,
    PointMeasurement,
    PointState,
    SearchKind,
)


@dataclass(frozen=True, slots=True)
class Span:
    """One search: the points from the good end to the bad one, as positions in the list of all."""

    kind: SearchKind
    order: tuple[int, ...]


@dataclass(frozen=True)
class Progress:
    """What is known so far of all points."""

    points: tuple[Point, ...]
    ends: Ends
    measured: Mapping[int, tuple[PointMeasurement, ...]] = field(default_factory=dict)
    unknown: Mapping[int, str] = field(default_factory=dict)
    """Why a point cannot be measured."""

    @cached_property
    def leak(self) -> Leak | None:
        """The leak that is followed; None as long as it is not known, or where no end differs."""
        runs = self.measured.get(self.ends.bad)
        if runs is None:
            return None
        leak = leak_between(runs[0], self.other_ends())
        if leak is None and {self.ends.good, self.ends.newest} & self.unknown.keys():
            return leak_between(runs[0], ())
        return leak

    @property
    def is_compared(self) -> bool:
        """Whether another end keeps less of the leak; else the bad end alone says what it is."""
        bad, others = self.measured[self.ends.bad][0], self.other_ends()
        return bool(others) and leak_between(bad, others) is not None

    def other_ends(self) -> list[PointMeasurement]:
        """The first run of each end but the bad one."""
        others = (each for each in self.ends.all() if each != self.ends.bad)
        return [self.measured[each][0] for each in others if each in self.measured]

    def unmeasured_ends(self) -> list[int]:
        return [
            each
            for each in self.ends.all()
            if each not in self.measured and each not in self.unknown
        ]

    def leak_bytes(self, index: int) -> list[float]:
        """Bytes a request of the leak in each run of a point."""
        if self.leak is None:
            return []
        ends = [*self.measured[self.ends.bad][:1], *self.other_ends()]
        return [leak_bytes(self.leak, each, ends) for each in self.measured.get(index, ())]

    def chances(self, index: int) -> tuple[float, ...]:
        """How probably each run of a point shows the leak."""
        leak = self.leak
        if leak is None:
            return ()
        runs = zip(self.leak_bytes(index), self.measured[index], strict=True)
        return tuple(chance_of(leak, size, run.error_bytes) for size, run in runs)

    def state(self, index: int) -> PointState:
        """What the runs of a point say."""
        if index in self.unknown:
            return PointState.UNKNOWN
        if index not in self.measured:
            return PointState.OPEN
        if self.leak is None:
            return PointState.UNCLEAR
        odds = SearchEvidence(1, {0: self.chances(index)}).log_odds(0)
        if abs(odds) < SURE:
            return PointState.UNCLEAR
        return PointState.BAD if odds > 0 else PointState.GOOD

    def spans(self) -> list[Span]:
        """The searches: from the good end up to the bad one, and back to it from the newest."""
        bad, good, newest = self.ends.bad, self.ends.good, self.ends.newest
        spans = []
        if good is not None and good < bad:
            spans.append(Span(SearchKind.FIRST_BAD, tuple(range(good, bad + 1))))
        last = good if good is not None and good > bad else newest
        if last is not None and last > bad:
            spans.append(Span(SearchKind.FIRST_MENDED, tuple(range(last, bad - 1, -1))))
        return spans

    def evidence(self, span: Span) -> SearchEvidence:
        """What is known of the points of one search."""
        positions = {index: position for position, index in enumerate(span.order)}
        return SearchEvidence(
            len(span.order),
            {positions[each]: self.chances(each) for each in self.measured if each in positions},
            frozenset(positions[each] for each in self.unknown if each in positions),
            frozenset(positions[each] for each in positions if not self.points[each].has_wheel),
        )


def progress_of(measured: MeasuredPoints) -> Progress:
    """What is known of all points, from the record of it."""
    position = {point.label: index for index, point in enumerate(measured.points)}
    return Progress(
        measured.points,
        measured.ends,
        {position[label]: runs for label, runs in measured.runs.items()},
        {position[label]: fault for label, fault in measured.faults.items()},
    )


def wanted_points(
    progress: Progress, count: int, taken: Set[int] = frozenset(), *, ahead: bool = False
) -> list[int]:
    """The points to measure now, at most that many; empty when all searches are over.

    Args:
        progress: what is known so far.
        count: the most points.
        taken: points that are under way.
        ahead: whether points that may be needed are measured before it is known that they are.
    """
    ends = [each for each in progress.unmeasured_ends() if each not in taken]
    if ends or progress.unmeasured_ends():
        return ends[:count]
    if progress.leak is None:
        return []
    choose = wanted_ahead if ahead else wanted_now
    by_span = [choose(progress, span, count, taken) for span in progress.spans()]
    turns = (each for turn in zip_longest(*by_span) for each in turn if each is not None)
    return list(dict.fromkeys(turns))[:count]


def wanted_now(progress: Progress, span: Span, _: int, taken: Set[int]) -> list[int]:
    """The points that a search needs, whatever comes of the points under way."""
    evidence = after_contradictions(progress.evidence(span))
    own = frozenset(position for position, index in enumerate(span.order) if index in taken)
    once_more = [position for position in doubtful(evidence) if position not in own]
    positions = once_more or ([] if own else next_points(evidence, 1))
    return [span.order[position] for position in positions]


def wanted_ahead(progress: Progress, span: Span, count: int, taken: Set[int]) -> list[int]:
    """The points that a search needs first, then those that their outcomes may lead to."""
    evidence = after_contradictions(progress.evidence(span))
    own = {position for position, index in enumerate(span.order) if index in taken}
    next_positions = next_points(evidence, count + len(own))
    return [span.order[position] for position in next_positions if position not in own]


def with_result(
    progress: Progress, index: int, measurement: PointMeasurement | None, reason: str | None
) -> Progress:
    """The progress with one more run, or with why a point cannot be measured."""
    if measurement is None:
        if index in progress.measured:
            return progress
        return replace(progress, unknown={**progress.unknown, index: reason or "it failed"})
    runs = (*progress.measured.get(index, ()), measurement)
    return replace(progress, measured={**progress.measured, index: runs})


def gap_of(progress: Progress, span: Span) -> PointGap:
    """The gap between the points in which one search's change lies."""
    return best_gap(after_contradictions(progress.evidence(span)))


def contradicting_pairs(progress: Progress, span: Span) -> Sequence[tuple[int, int]]:
    """Pairs of positions that contradict one single change, in the order of the search."""
    return [(span.order[a], span.order[b]) for a, b in contradictions(progress.evidence(span))]
