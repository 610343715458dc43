"""What a trial has left to do, by what it took so far: who has most of it loads first."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """What a block and its cooldowns took."""

    block_seconds: float
    between_seconds: float
    """The length of a cooldown between two blocks."""
    last_seconds: float
    """The length of the full cooldown after the last block."""


def left_seconds(blocks: int, pace: Pace | None) -> float:
    """The seconds that so many blocks take with their cooldowns.

    Endless before the first one shows it: a variant of slow requests may have most of all left.
    """
    if pace is None:
        return math.inf
    between_seconds = (blocks - 1) * pace.between_seconds
    return blocks * pace.block_seconds + between_seconds + pace.last_seconds
