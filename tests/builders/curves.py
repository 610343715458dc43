"""Troughs of a curve of heights."""

from lab.units import MIB
from lab.verdict.growth_models import Array
from lab.verdict.trend import Troughs


def troughs(heights: Array, requests: int = 1000) -> Troughs:
    """The troughs of one load, above 40 MiB: a height in MiB for each of its blocks."""
    blocks = len(heights)
    each = tuple(requests * (block + 1) // blocks for block in range(blocks))
    return Troughs(40 * MIB, tuple(round((40 + height) * MIB) for height in heights), each)
