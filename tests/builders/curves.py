"""Troughs of curves of heights, and what is concluded from them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from lab.records.judgement import MIN_LEAK_BYTES_PER_REQUEST, Verdict
from lab.stopping import next_blocks, wants_more
from lab.units import KIB, MIB
from lab.verdict.evidence import TroughEvidence
from lab.verdict.trend import Troughs
from lab.verdict.verdict import Conclusion, judge_troughs
from numpy.typing import NDArray

Curve: TypeAlias = NDArray[np.float64]
DONE = np.arange(1, 25) / 8
"""The share of the load after each block of 8, going on to three times as many."""


def troughs(
    mib: Curve, baseline: float = 50, requests: int = 1000, workers: int = 1, planned: int = 0
) -> Troughs:
    """MiB above the baseline at the ends of equal blocks."""
    blocks = len(mib)
    return Troughs(
        round(baseline * MIB),
        tuple(round((baseline + height) * MIB) for height in mib),
        tuple(requests * (block + 1) // blocks for block in range(blocks)),
        workers,
        planned or None,
    )


def measured(sizes: Sequence[float], each: int, planned: int = 0) -> Troughs:
    """The sizes of a recorded trial (MiB), the baseline first, so many requests a block."""
    heights = np.array(sizes[1:]) - sizes[0]
    return troughs(heights, sizes[0], each * len(heights), planned=planned)


def with_free(seen: Troughs, free_kib: Sequence[float] | Curve) -> Troughs:
    return replace(seen, free_bytes=tuple(round(size * KIB) for size in free_kib))


def with_live(seen: Troughs, gained_bytes: Sequence[float] | Curve) -> Troughs:
    return replace(seen, live_bytes=tuple(round(9 * MIB + gained) for gained in gained_bytes))


def noisy(heights: Curve, spread: float, seed: int = 7) -> Curve:
    return heights + np.random.default_rng(seed).normal(0, spread, len(heights))


def evidence(seen: Troughs, matters: float = MIN_LEAK_BYTES_PER_REQUEST) -> TroughEvidence:
    """What the criteria and the reasons read of them."""
    return TroughEvidence(seen, matters)


def verdict_of(seen: Troughs) -> Verdict:
    return judge_troughs(seen).verdict


def in_sequence(heights: Curve, planned: int, requests: int) -> tuple[Conclusion, int]:
    """As a run goes on with it: the last finding, and after how many blocks."""
    blocks = planned
    while True:
        seen = troughs(heights[:blocks], requests=requests * blocks // planned, planned=requests)
        judgement = judge_troughs(seen)
        if not wants_more(judgement.verdict, planned, blocks):
            return judgement, blocks
        blocks += next_blocks(planned)
