"""Each sentence on growth that is harmless, pinned here and nowhere else."""

from dataclasses import replace

import numpy as np
import pytest
from builders.curves import MIB, evidence, troughs, with_live
from lab.records.judgement import Interval
from lab.verdict.harmless_growth import HarmlessGrowth
from lab.verdict.reasons import flat_but_for_free_reason, harmless_reason
from lab.verdict.trend import PredictedCeiling, Troughs

SLOPE = Interval(1024.0, 1000.0, 1100.0)
GROWN = "Memory grew by 16.0 MiB"
STEADY = troughs(np.arange(1, 9) * 2.0)
"""16 MiB in 1,000 requests."""
LEVEL_LIVE = with_live(STEADY, np.zeros(9))


@pytest.mark.parametrize(
    ("kind", "seen", "said"),
    [
        (
            HarmlessGrowth.FILLING,
            replace(STEADY, ceiling=PredictedCeiling(100 * MIB, 50, 2 * MIB)),
            ", which is free in the allocator. A pool of threads is still filling: 8 of 50 threads,"
            " with a predicted ceiling of 100 MiB.",
        ),
        (
            HarmlessGrowth.GARBAGE,
            replace(STEADY, garbage_bytes=7 * MIB),
            ". It is garbage that waits for the collector: collecting at the end freed 7.0 MiB.",
        ),
        (
            HarmlessGrowth.COPIED,
            replace(STEADY, shared_bytes=(700 * MIB,) * 9),
            ". What still grows, 1.0 KiB a request, are pages copied after the fork, as the sum of"
            " RSS and live memory are level. Such growth ends at 700 MiB above the baseline, which"
            " is what the processes shared then.",
        ),
        (
            HarmlessGrowth.FREE,
            STEADY,
            ". What still grows, 1.0 KiB a request, is free in the allocator.",
        ),
        (
            HarmlessGrowth.FREE,
            LEVEL_LIVE,
            ". What still grows, 1.0 KiB a request, is free in the allocator, and live memory has"
            " stopped growing.",
        ),
        (
            HarmlessGrowth.FREE,
            with_live(STEADY, 5 * MIB * (np.arange(9) % 2)),
            ". Live memory rises and falls between 9.0 MiB and 14.0 MiB, no higher than before, and"
            " the rest of what grew is free in the allocator.",
        ),
    ],
    ids=["filling", "garbage", "copied", "free", "free, live known", "free, live swings"],
)
def test_growth_that_is_harmless(kind: HarmlessGrowth, seen: Troughs, said: str) -> None:
    assert harmless_reason(evidence(seen), kind, SLOPE) == f"{GROWN}{said}"


def test_little_growth_that_is_free() -> None:
    assert flat_but_for_free_reason(evidence(LEVEL_LIVE)) == (
        f"{GROWN} in 1,000 requests, less than the 12.0 MiB that count as growth. What still grows,"
        " 16.4 KiB a request, is free in the allocator; live memory grows by at most 0 B a request."
    )
