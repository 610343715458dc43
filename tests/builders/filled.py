"""Memory and what is free in it, trough by trough."""

from collections.abc import Sequence

from lab.units import MIB
from lab.verdict.trend import PredictedCeiling, Troughs


def in_bytes(sizes_mib: Sequence[float]) -> tuple[int, ...]:
    return tuple(round(size * MIB) for size in sizes_mib)


def filled(
    memory_mib: Sequence[float],
    free_mib: Sequence[float],
    ceiling: PredictedCeiling | None,
    each: int = 125,
) -> Troughs:
    """Memory and its free part, the baseline first, so many requests a block."""
    baseline, *heights = in_bytes(memory_mib)
    requests = tuple(each * (block + 1) for block in range(len(heights)))
    free = in_bytes(free_mib)
    return Troughs(baseline, tuple(heights), requests, free_bytes=free, ceiling=ceiling)
