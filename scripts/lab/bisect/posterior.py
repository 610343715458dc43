"""The probability of each position of one change from good to bad, given what was measured."""

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

LEAST_DOUBT = 1e-4
"""No measurement is trusted more than this: live bytes are exact, but a run may go wrong."""
SURE = 2.2
"""Log odds of nine in ten: a point whose measurements give this is called good or bad."""


@dataclass(frozen=True, slots=True)
class SearchEvidence:
    """What is known of the points of one search, which are counted from the good end."""

    points: int
    bad: Mapping[int, Sequence[float]] = field(default_factory=dict)
    """For each measured point the probability that a run of it shows the leak."""
    unknown: Set[int] = frozenset()
    """Points that cannot be measured."""
    costly: Set[int] = frozenset()
    """Points that must be built first, which often fails."""

    def log_odds(self, index: int) -> float:
        """The log odds that a measured point is bad, by its own runs alone."""
        return sum(map(log_odds, self.bad.get(index, ())))

    def measured(self) -> list[int]:
        """The measured points in order."""
        return sorted(self.bad)


def log_odds(chance: float) -> float:
    """The log odds of a probability, as far as any measurement is trusted."""
    trusted = min(max(chance, LEAST_DOUBT), 1 - LEAST_DOUBT)
    return math.log(trusted / (1 - trusted))


def first_bad(evidence: SearchEvidence) -> npt.NDArray[np.float64]:
    """The probability that point k is the first bad one, for k from 0 to `points`.

    k = 0 says that all are bad, k = `points` that none is. Before any measurement each is as
    probable as any other.
    """
    gains = np.zeros(evidence.points)
    for index in evidence.bad:
        gains[index] = evidence.log_odds(index)
    # A point from k on is bad: its odds count for every k up to its own position.
    logs = np.append(np.cumsum(gains[::-1])[::-1], 0.0)
    weights = np.exp(logs - logs.max())
    return np.asarray(weights / weights.sum())


def chance_bad(evidence: SearchEvidence) -> npt.NDArray[np.float64]:
    """The probability that each point is bad."""
    return np.cumsum(first_bad(evidence))[: evidence.points]
