"""Made-up histories of releases with known answers, and the loop that searches them."""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from lab.bisect.leak import chance_of, leak_between, leak_bytes
from lab.bisect.posterior import SearchEvidence
from lab.bisect.search import ENOUGH, after_contradictions, best_gap, contradictions, next_points
from lab.records.bisection import PointMeasurement

FOLLOWED, OTHER, STEADY = "shop/orders.py", "shop/cache.py", "shop/start.py"


@dataclass
class History:
    """Points from good to bad, and what a run of each would say."""

    points: int
    changes: tuple[int, ...]
    """Where the leak comes, goes, comes, ...: it is there from each first of a pair on."""
    size_bytes: float = 4000.0
    other_from: int | None = None
    """Where a second leak, at another site, comes in."""
    other_bytes: float = 0.0
    unknown: frozenset[int] = frozenset()
    costly: frozenset[int] = frozenset()
    noise: float = 0.0
    """Standard deviation of one block, as a share of the leak."""
    wrong: float = 0.0
    """How often a whole run says the opposite, for no reason that it shows."""
    seed: int = 0
    runs: int = 0
    draw: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.draw = random.Random(self.seed)

    def leaks(self, index: int) -> bool:
        return sum(change <= index for change in self.changes) % 2 == 1

    def run(self, index: int) -> PointMeasurement | None:
        self.runs += 1
        if index in self.unknown:
            return None
        leaks = self.leaks(index) != (self.draw.random() < self.wrong)
        blocks = [self.draw.gauss(0, self.noise * self.size_bytes) for _ in range(6)]
        mean = sum(blocks) / 6
        error = math.sqrt(sum((each - mean) ** 2 for each in blocks) / 30)
        followed = max((self.size_bytes * leaks) * self.draw.uniform(0.9, 1.1) + mean, 0.0)
        has_other = self.other_from is not None and index >= self.other_from
        other = self.other_bytes * has_other
        sites = {FOLLOWED: followed, OTHER: other, STEADY: 40.0}
        return PointMeasurement(300, sum(sites.values()), error, sites)


@dataclass(frozen=True)
class Found:
    """What a search of a history said."""

    good: int | None
    bad: int | None
    probability: float
    points: int
    runs: int
    contradicted: bool

    @property
    def is_decided(self) -> bool:
        return self.probability >= ENOUGH

    def is_right(self, history: History) -> bool:
        """Whether the leak comes between the two."""
        first, last = self.edges(history)
        return any(first < change <= last for change in history.changes[::2])

    def is_narrow(self, history: History) -> bool:
        """Whether nothing that could be run lies between the two."""
        first, last = self.edges(history)
        return set(range(first + 1, last)) <= history.unknown

    def edges(self, history: History) -> tuple[int, int]:
        last = history.points if self.bad is None else self.bad
        return (-1 if self.good is None else self.good, last)


def search(history: History, side_by_side: int = 1) -> Found:
    """The whole search: both ends, then what tells most."""
    ends = {index: history.run(index) for index in (0, history.points - 1)}
    bad = ends[history.points - 1]
    good = [ends[0]] if ends[0] else []
    assert bad is not None
    leak = leak_between(bad, good)
    if leak is None:
        return Found(None, None, 0.0, 2, history.runs, True)
    measured: dict[int, list[float]] = {}
    unknown = set()

    def note(index: int, measurement: PointMeasurement | None) -> None:
        if measurement is None:
            unknown.add(index)
            return
        size = leak_bytes(leak, measurement, [bad, *good])
        measured.setdefault(index, []).append(chance_of(leak, size, measurement.error_bytes))

    for index, measurement in ends.items():
        note(index, measurement)
    evidence = SearchEvidence(history.points)
    for _ in range(200):
        evidence = SearchEvidence(
            history.points,
            {index: tuple(runs) for index, runs in measured.items()},
            frozenset(unknown),
            history.costly,
        )
        chosen = next_points(after_contradictions(evidence), side_by_side)
        if not chosen:
            break
        for index in chosen:
            note(index, history.run(index))
    gap = best_gap(after_contradictions(evidence))
    points = len(measured) + len(unknown)
    said = bool(contradictions(evidence))
    return Found(gap.good, gap.bad, gap.probability, points, history.runs, said)


def drawn(kind: str, seed: int) -> History:
    """A history of a kind, drawn."""
    return KINDS[kind](random.Random(f"{kind}-{seed}"), seed)


def clean(draw: random.Random, seed: int) -> History:
    points = draw.randint(3, 200)
    return History(points, (draw.randint(1, points - 1),), seed=seed)


def holes(draw: random.Random, seed: int) -> History:
    """Series that cannot be built, single releases as well, sometimes the oldest ones."""
    history = clean(draw, seed)
    starts = [draw.randrange(history.points) for _ in range(draw.randint(1, 4))]
    unknown = {each for start in starts for each in range(start, start + draw.randint(1, 8))}
    unknown -= {history.points - 1, 0} if draw.random() < 0.7 else {history.points - 1}
    history.unknown = frozenset(each for each in unknown if each < history.points)
    history.costly = frozenset(each for each in history.unknown if draw.random() < 0.5)
    return history


def old_sources(draw: random.Random, seed: int) -> History:
    """As with holes, and in every second history releases up to one are sources that build."""
    history = holes(draw, seed)
    if draw.random() < 0.5:
        history.costly |= frozenset(range(draw.randint(1, history.points)))
    return history


def old_api(draw: random.Random, seed: int) -> History:
    """Releases before the one that brought what the app uses: it starts with none of them."""
    history = clean(draw, seed)
    history.unknown = frozenset(range(draw.randint(1, history.points - 1)))
    return history


def two_culprits(draw: random.Random, seed: int) -> History:
    history = clean(draw, seed)
    history.other_from = draw.randint(1, history.points - 1)
    history.other_bytes = history.size_bytes * draw.uniform(0.1, 0.8)
    return history


def comes_back(draw: random.Random, seed: int) -> History:
    points = draw.randint(12, 200)
    return History(points, tuple(sorted(draw.sample(range(1, points), 3))), seed=seed)


def noisy(draw: random.Random, seed: int) -> History:
    history = clean(draw, seed)
    history.noise = draw.uniform(0.1, 0.6)
    history.wrong = 0.01
    return history


KINDS: dict[str, Callable[[random.Random, int], History]] = {
    "clean": clean,
    "holes": holes,
    "old sources": old_sources,
    "old api": old_api,
    "two culprits": two_culprits,
    "comes back": comes_back,
    "noisy": noisy,
}
