"""Verdicts on memory growth, and outcomes of statements about it."""

from dataclasses import dataclass
from enum import StrEnum

from lab.units import GIB

MIN_LEAK_BYTES_PER_REQUEST = 256
"""Bytes a request below which a leak does not matter, unless the user sets MATTERS: 1 MiB in 4,000
requests, which the troughs of one worker show; a million requests a day lose 244 MiB."""

MOST_MATTERS_BYTES = GIB
"""The most that MATTERS, or the key `matters`, may be."""

LEAST_BLOCKS = 8
"""Blocks of a load that is judged: with fewer, its tail has no five points to fit."""

LEAST_REQUESTS = 400
"""After fewer a user app is not called flat or bounded: a leak of 2.6 KiB a request adds the 1 MiB
that the troughs of one worker can show in so many."""


class Verdict(StrEnum):
    """What the troughs say of memory."""

    FLAT = "flat"
    BOUNDED = "bounded"
    LEAK = "leak"
    INCONCLUSIVE = "inconclusive"


STOPPED = frozenset({Verdict.FLAT, Verdict.BOUNDED})
"""The verdicts by which growth has ended; they do not contradict each other."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its interval, in bytes a completed request."""

    estimate: float
    """Best estimate, in bytes a request."""
    low: float
    """Lower end of the interval, in bytes a request."""
    high: float
    """Upper end of the interval, in bytes a request."""


class Outcome(StrEnum):
    """What a run says of a statement.

    `conditional`: true under a condition that the reason names; both of its sides were measured.
    """

    REPRODUCED = "reproduced"
    REFUTED = "refuted"
    CONDITIONAL = "conditional"
    INCONCLUSIVE = "inconclusive"


class Certainty(StrEnum):
    """How sure a cause is: `proven` by an intervention or a trace, or `likely`."""

    PROVEN = "proven"
    LIKELY = "likely"
