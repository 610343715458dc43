"""Garbage that swings under an allocator that fills is bounded, and a leak below it is not."""

from dataclasses import replace

import numpy as np
import pytest
from builders.filled import filled, in_bytes
from lab.records.judgement import Verdict
from lab.units import MIB
from lab.verdict.trend import Troughs
from lab.verdict.verdict import judge_troughs

GARBAGE = {
    "live rises in the tail": (
        (38.02, 545.3, 1030.1, 848.7, 940.1, 1200.0, 1254.5, 1200.6, 1414.5),
        (1.05, 353.4, 254.1, 224.2, 376.4, 391.8, 460.5, 513.5, 605.5),
        (21.89, 175.4, 755.3, 603.0, 542.0, 786.5, 771.5, 664.4, 786.8),
    ),
    "live falls in the tail": (
        (38.01, 637.2, 1068.5, 917.3, 1040.0, 1146.7, 1207.6, 1169.3, 1208.0),
        (1.05, 353.3, 277.1, 262.7, 231.7, 338.4, 399.2, 620.3, 719.7),
        (21.89, 267.0, 770.5, 633.5, 786.5, 786.2, 786.5, 527.1, 466.3),
    ),
    "memory falls in the tail": (
        (38.01, 515.1, 572.3, 1107.6, 1031.9, 1283.8, 1360.6, 1018.0, 1223.9),
        (1.04, 323.8, 331.4, 299.9, 376.5, 521.2, 551.3, 560.4, 552.8),
        (21.89, 175.4, 221.2, 786.1, 633.5, 740.7, 786.8, 435.5, 649.5),
    ),
}
"""Memory, free and live of three trials of cycles that wait for the collector, in MiB."""


def of_cycles(name: str, leak_mib: float = 0.0) -> Troughs:
    """One of them, with live memory beside it that grows by so much a block."""
    memory, free, live = (np.array(sizes) for sizes in GARBAGE[name])
    leak = np.arange(9) * leak_mib
    baseline, *heights = in_bytes(memory + leak)
    requests = tuple(range(50, 401, 50))
    return Troughs(
        baseline,
        tuple(heights),
        requests,
        free_bytes=in_bytes(free),
        live_bytes=in_bytes(live + leak),
    )


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_that_swings_under_an_allocator_that_fills_has_one_verdict(name: str) -> None:
    assert judge_troughs(of_cycles(name)).verdict is Verdict.BOUNDED


@pytest.mark.parametrize("name", GARBAGE)
def test_a_leak_below_garbage_that_swings_is_not_called_bounded(name: str) -> None:
    assert judge_troughs(of_cycles(name, leak_mib=200.0)).verdict is not Verdict.BOUNDED


SWINGS = filled(
    (37.9, 499.6, 740.3, 1267.6, 1412.7, 1490.7, 1437.8, 1292.1, 1438.2),
    (1.1, 308.4, 361.5, 460.0, 620.0, 712.4, 628.3, 742.6, 628.4),
    None,
    each=50,
)
"""Such a trial without the count of live bytes: what is free in malloc alone is known."""


def test_memory_that_swings_and_ends_no_higher_has_stopped() -> None:
    assert judge_troughs(SWINGS).verdict is Verdict.BOUNDED
    higher = (*SWINGS.trough_bytes[:-1], round(1700 * MIB))
    assert judge_troughs(replace(SWINGS, trough_bytes=higher)).verdict is Verdict.INCONCLUSIVE
    assert judge_troughs(replace(SWINGS, free_bytes=None)).verdict is Verdict.INCONCLUSIVE
