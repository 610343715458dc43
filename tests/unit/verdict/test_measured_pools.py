"""Pools and heaps that fill, as measured, and leaks below them."""

import numpy as np
import pytest
from builders.curves import DONE, evidence, in_sequence, measured, noisy, troughs, verdict_of
from lab.records.judgement import Verdict
from lab.verdict.reasons import flat_reason
from lab.verdict.verdict import judge_troughs

# The four fillings of Python 3.7's pool of 80 threads that were measured (MiB): every thread is
# started within 80 requests, but the last idle ones are handed their first request late.
FILLINGS = (
    (40.7, 843.8, 1012.0, 1196.5, 1227.1, 1242.9, 1258.5, 1258.9, 1258.7),
    (40.8, 797.8, 935.7, 1120.0, 1166.0, 1196.7, 1227.7, 1227.9, 1258.7),
    (41.0, 828.7, 951.4, 1135.1, 1166.1, 1196.8, 1197.0, 1197.5, 1228.8),
    (40.8, 767.3, 905.3, 1089.2, 1181.1, 1211.9, 1273.5, 1273.7, 1273.7),
)


@pytest.mark.parametrize("sizes", FILLINGS)
def test_a_pool_whose_last_threads_are_found_late_is_bounded(sizes: tuple[float, ...]) -> None:
    assert verdict_of(measured(sizes, 125)) is Verdict.BOUNDED


@pytest.mark.parametrize("leak_mib_a_block", [5.0, 8.0, 15.3, 31.0])
@pytest.mark.parametrize("filling_blocks", [1, 2, 3])
def test_a_leak_under_a_filling_pool_is_found(leak_mib_a_block: float, filling_blocks: int) -> None:
    pool = 1200 * np.minimum(np.arange(1, 25) / filling_blocks, 1.0)
    heights = noisy(pool + leak_mib_a_block * np.arange(1, 25), 0.2)
    assert in_sequence(heights, 8, 1000)[0].verdict is Verdict.LEAK


def test_a_pool_that_is_still_filling_is_no_leak() -> None:
    """Python 3.7's pool of 80 threads after 400 requests, as measured (MiB)."""
    sizes = (40.9, 365.19, 705.9, 782.62, 843.64, 905.08, 950.93, 981.39, 1042.88)
    assert verdict_of(measured(sizes, 50)) is Verdict.INCONCLUSIVE


# Python 3.9, a pool of 20 threads, as measured (MiB): the filled arenas creep for a while.
CREEP = (38.4, 253.77, 348.88, 349.0, 349.22, 349.83, 350.04, 350.6, 350.76)

# The same as local processes with 250 requests a block: it creeps up to 1,750 requests.
CREEP_TO_ITS_END = (33.34, 281.58, 342.94, 343.8, 344.49, 345.11, 345.4, 345.41, 345.42, 345.42)
CREEP_TO_ITS_END += (345.43, 345.43, 345.43, 345.43, 345.43, 345.66, 345.66, 345.7, 345.7, 345.7)


def test_the_creep_of_a_filled_pool_is_no_leak() -> None:
    assert verdict_of(measured(CREEP, 125)) is Verdict.BOUNDED
    assert verdict_of(measured(CREEP_TO_ITS_END, 250)) is Verdict.BOUNDED


# Python 3.7, an async endpoint, as measured (MiB).
FILLING_HEAP = (38.43, 38.5, 41.39, 41.67, 42.17, 42.25, 42.74, 42.74, 43.21)

# Python 3.10, the same as local processes with 250 requests a block: after a jump it grows by
# 1 KiB a request, as evenly as a leak, up to 3,500 requests, and is then stable.
HEAP_TO_ITS_END = (32.8, 33.83, 34.31, 37.08, 37.36, 37.42, 37.54, 37.82, 37.97, 38.34, 38.55)
HEAP_TO_ITS_END += (38.91, 39.09, 39.48, 39.7, 39.74, 39.74, 39.74, 39.74, 39.74, 39.74)


def test_a_heap_that_fills_in_a_short_load_is_no_leak() -> None:
    seen = measured(FILLING_HEAP, 125)
    judgement = judge_troughs(seen)
    assert (judgement.verdict, judgement.reason) == (Verdict.FLAT, flat_reason(evidence(seen)))


@pytest.mark.parametrize("blocks", range(8, 17))
def test_a_heap_that_still_fills_is_never_a_leak(blocks: int) -> None:
    seen = measured(HEAP_TO_ITS_END[: blocks + 1], 250, planned=2000)
    assert verdict_of(seen) is not Verdict.LEAK


def test_a_heap_that_has_filled_is_flat() -> None:
    assert verdict_of(measured(HEAP_TO_ITS_END, 250, planned=2000)) is Verdict.FLAT


def test_the_blind_spot_a_small_leak_in_a_short_load() -> None:
    """What that costs, held in sight: less than 10 MiB a worker takes 4,000 requests to see."""
    heights = noisy(9 * DONE, 0.06)
    assert in_sequence(heights, 8, 1000)[0].verdict is Verdict.FLAT
    assert in_sequence(heights, 8, 2000)[0].verdict is Verdict.LEAK


# Flask's pools of 8 threads in 4 workers, one request at a time, as measured (MiB): a worker
# sometimes needs a third thread.
LATE_THIRDS = (
    (85.45, 192.92, 208.77, 208.28, 208.28, 208.79, 208.79, 223.63, 238.99, 239.23, 254.6),
    (85.71, 177.81, 193.43, 192.93, 192.94, 208.29, 208.54, 208.31, 223.91),
)


@pytest.mark.parametrize("sizes", LATE_THIRDS)
def test_threads_that_are_needed_now_and_then_are_no_leak(sizes: tuple[float, ...]) -> None:
    heights = np.array(sizes[1:]) - sizes[0]
    seen = troughs(heights, sizes[0], 125 * len(heights), workers=4, planned=1000)
    assert verdict_of(seen) is not Verdict.LEAK
