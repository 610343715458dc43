"""The next points to measure, and when the search is over.

A Bayesian step: each run counts by how surely it shows the leak, points that cannot be measured
count nothing, and the next point is the one whose outcome is most open.
"""

from collections.abc import Iterator, Set
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

import numpy as np
import numpy.typing as npt

from lab.bisect.posterior import SURE, SearchEvidence, chance_bad, first_bad

ENOUGH = 0.95
"""The search ends when the change lies in one gap with this probability."""
MOST_RUNS = 5
"""The most runs of one point."""
LEAST_OPEN = 0.02
"""A point whose outcome is less open is not worth a run, in bits."""
FAILS_NEAR_UNKNOWN, REACH = 0.8, 3.0
"""How often the neighbour of a point that failed fails as well, and how far that reaches."""
FAILS_BETWEEN = 0.9
"""How often a point fails between two that failed, with none between them that was measured: such
as releases before the one that brought what the app uses."""
FAILS_SINCE_OLDEST = 0.8
"""How often what follows a row of failed points from the oldest on fails as well: what the app uses
was not there yet, and any of those that follow may have brought it."""
MOST_PASSED_OVER = 4
"""So many points between two that failed, with none between them that was measured, are taken to
fail as well, and not tried; after a third in a row from the oldest on twice as many, and so on. So
are four that must be built, between one that failed and one that was measured, as long as nothing
that had to be built was measured."""
FAILS_WHEN_BUILT = 0.6
FAILS_ELSE = 0.05


@dataclass(frozen=True, slots=True)
class PointGap:
    """The two points between which the change lies; no point between them can be measured."""

    good: int | None
    """The last good point; None where the first point is bad already."""
    bad: int | None
    """The first bad point; None where none is bad."""
    probability: float

    @property
    def between(self) -> range:
        """The points between the two."""
        return range((-1 if self.good is None else self.good) + 1, self.bad or 0)


def best_gap(evidence: SearchEvidence) -> PointGap:
    """The most probable gap.

    Positions between the same two measurable points cannot be told apart, and are one gap.
    """
    chances = first_bad(evidence)
    left_out = evidence.unknown | passed_over(evidence)
    edges = [index for index in range(evidence.points) if index not in left_out]
    sums = np.add.reduceat(chances, [0, *(index + 1 for index in edges)])
    best = int(np.argmax(sums))
    return PointGap(
        good=edges[best - 1] if best else None,
        bad=edges[best] if best < len(edges) else None,
        probability=float(sums[best]),
    )


def next_points(evidence: SearchEvidence, count: int, taken: Set[int] = frozenset()) -> list[int]:
    """Points to measure now, the one that tells most first, then those that it may lead to.

    Args:
        count: the most points.
        taken: points that are under way.
    """
    once_more = [index for index in doubtful(evidence) if index not in taken]
    if once_more or best_gap(evidence).probability >= ENOUGH:
        return once_more[:count]
    chosen: list[int] = []
    waiting = [evidence]
    while waiting and len(chosen) < count:
        state = waiting.pop(0)
        index = most_open(state, taken | set(chosen))
        if index is None:
            continue
        chosen.append(index)
        waiting += [with_run(state, index, outcome) for outcome in likely_first(state, index)]
    return chosen


def doubtful(evidence: SearchEvidence) -> list[int]:
    """Points on which the answer rests, and that were run less than twice: they are run again.

    One wrong run always ends as an edge of the gap that is found, or contradicts another. An edge
    that was never run is run: a wide gap before it makes the answer likely, not that edge bad.
    """
    indices = {index for pair in contradictions(evidence) for index in pair}
    gap = best_gap(evidence)
    if gap.probability >= ENOUGH:
        indices |= {index for index in (gap.good, gap.bad) if index is not None}
    return [index for index in sorted(indices) if runs(evidence, index) < 2]


def likely_first(evidence: SearchEvidence, index: int) -> list[float]:
    """The outcomes of a point, the likelier one first."""
    return [1.0, 0.0] if chance_bad(evidence)[index] >= 0.5 else [0.0, 1.0]


def with_run(evidence: SearchEvidence, index: int, bad: float) -> SearchEvidence:
    """The evidence with one more run of a point."""
    runs = (*evidence.bad.get(index, ()), bad)
    return replace(evidence, bad={**evidence.bad, index: runs})


def most_open(evidence: SearchEvidence, taken: Set[int]) -> int | None:
    """The point whose run tells most; None where none is worth a run."""
    open_bits = openness(evidence)
    left_out = taken | evidence.unknown | passed_over(evidence)
    for index in range(evidence.points):
        if index in left_out or runs(evidence, index) >= MOST_RUNS:
            open_bits[index] = 0.0
    if open_bits.max() < LEAST_OPEN:
        return None
    return int(np.argmax(open_bits * (1 - chance_failing(evidence))))


def openness(evidence: SearchEvidence) -> npt.NDArray[np.float64]:
    """How open it is whether each point is bad, in bits."""
    chances = np.clip(chance_bad(evidence), 1e-12, 1 - 1e-12)
    return np.asarray(-(chances * np.log2(chances) + (1 - chances) * np.log2(1 - chances)))


def chance_failing(evidence: SearchEvidence) -> npt.NDArray[np.float64]:
    """The probability that each point cannot be measured: more likely beside one that could not."""
    indices = np.arange(evidence.points)
    chances = np.full(evidence.points, FAILS_ELSE)
    chances[list(evidence.costly)] = FAILS_WHEN_BUILT
    for index in evidence.unknown:
        near = FAILS_NEAR_UNKNOWN * np.exp(-np.abs(indices - index) / REACH)
        chances = 1 - (1 - chances) * (1 - near)
    for first, last in stretches(evidence):
        chances[first : last + 1] = np.maximum(chances[first : last + 1], FAILS_BETWEEN)
    after = after_oldest(evidence)
    left = np.arange(len(after), 0, -1) / (len(after) + 1)
    chances[list(after)] = np.maximum(chances[list(after)], FAILS_SINCE_OLDEST * left)
    chances[list(evidence.bad)] = 0.0
    return chances


def failed_rows(evidence: SearchEvidence) -> list[list[int]]:
    """Points that failed, in rows of two and more between which none was measured."""
    tried = sorted({*evidence.unknown, *evidence.bad})
    rows = [list(row) for failed, row in groupby(tried, evidence.unknown.__contains__) if failed]
    return [row for row in rows if len(row) > 1]


def stretches(evidence: SearchEvidence) -> list[tuple[int, int]]:
    """Pairs of points that failed, between which none was measured."""
    return [pair for row in failed_rows(evidence) for pair in pairwise(row)]


def after_oldest(evidence: SearchEvidence) -> range:
    """The points between a row of failed ones that begins with the oldest and what was measured."""
    rows = failed_rows(evidence)
    if not rows or rows[0][0] != 0:
        return range(0)
    return range(rows[0][-1] + 1, min(evidence.bad, default=evidence.points))


def passed_over(evidence: SearchEvidence) -> set[int]:
    """Points that are not tried, as those beside their short row failed."""
    rows = []
    for row in failed_rows(evidence):
        most = MOST_PASSED_OVER << (len(row) - 2 if row[0] == 0 else 0)
        rows += [(range(first + 1, last), most) for first, last in pairwise(row)]
    if not evidence.costly & set(evidence.bad):
        beside = (row for row in rows_beside(evidence) if set(row) <= evidence.costly)
        rows += [(row, MOST_PASSED_OVER) for row in beside]
    return {index for row, most in rows if len(row) <= most for index in row}


def rows_beside(evidence: SearchEvidence) -> Iterator[range]:
    """The points between one that failed and one that was measured."""
    tried = sorted({*evidence.unknown, *evidence.bad})
    for first, last in pairwise(tried):
        if (first in evidence.unknown) is not (last in evidence.unknown):
            yield range(first + 1, last)


def contradictions(evidence: SearchEvidence) -> list[tuple[int, int]]:
    """Pairs of neighbours among the sure points of which the earlier is bad and the later good."""
    odds = ((index, evidence.log_odds(index)) for index in evidence.measured())
    sure = [(index, value > 0) for index, value in odds if abs(value) >= SURE]
    return [(early, late) for (early, bad), (late, worse) in pairwise(sure) if bad and not worse]


def after_contradictions(evidence: SearchEvidence) -> SearchEvidence:
    """The evidence for the latest change alone, where a leak went and came back.

    What was measured before the last surely good point says nothing of the leak of the bad end.
    """
    pairs = contradictions(evidence)
    exhausted = [
        late for early, late in pairs if min(runs(evidence, early), runs(evidence, late)) > 1
    ]
    if not exhausted:
        return evidence
    kept = {index: bad for index, bad in evidence.bad.items() if index >= max(exhausted)}
    early = {index: (0.0,) for index in evidence.bad if index < max(exhausted)}
    return replace(evidence, bad={**early, **kept})


def runs(evidence: SearchEvidence, index: int) -> int:
    return len(evidence.bad.get(index, ()))
