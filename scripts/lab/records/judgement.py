"""What is said of memory growth, and of a statement about it."""

from dataclasses import dataclass
from enum import StrEnum

MIN_LEAK_BYTES_PER_REQUEST = 256
"""Bytes a request below which a leak does not matter, where nobody says otherwise: 1 MiB in 4,000
requests, which is what the troughs of one worker show; a million requests a day lose 244 MiB."""


class Verdict(StrEnum):
    """What the troughs say of a variant's memory."""

    FLAT = "flat"
    BOUNDED = "bounded"
    LEAK = "leak"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its interval; unit: bytes a request."""

    estimate: float
    low: float
    high: float


class Outcome(StrEnum):
    """What a run says of a statement."""

    REPRODUCED = "reproduced"
    REFUTED = "refuted"
    CONDITIONAL = "conditional"
    """True under a condition that the reason names; both of its sides were measured."""
    INCONCLUSIVE = "inconclusive"
