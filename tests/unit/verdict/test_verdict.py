"""Verdicts on known curves: measured ones, and shapes that have fooled a verdict before."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from builders.curves import (
    DONE,
    KIB,
    MIB,
    Curve,
    evidence,
    in_sequence,
    measured,
    noisy,
    troughs,
    verdict_of,
    with_free,
    with_live,
)
from lab.records.judgement import LEAST_REQUESTS, Verdict
from lab.verdict.end_criteria import is_bounded_saw_tooth
from lab.verdict.evidence import TroughEvidence
from lab.verdict.harmless_growth import HarmlessGrowth
from lab.verdict.leak_criteria import LeakDoubt, is_exhausted, leaking_live
from lab.verdict.reasons import (
    bounded_reason,
    flat_but_for_free_reason,
    flat_reason,
    harmless_reason,
    leak_reason,
    live_in_few_reason,
    live_leak_reason,
    live_open_reason,
    open_reason,
    too_few_reason,
)
from lab.verdict.trend import Troughs
from lab.verdict.validity import Conditions
from lab.verdict.verdict import Conclusion, judge, judge_troughs

THREAD = 15.26
"""MiB that one thread keeps of the `lists` workload."""


@pytest.mark.parametrize(
    ("bytes_a_request", "requests", "pool", "noise"),
    [
        (256, 4000, 0, 0.03),
        (512, 4000, 0, 0.06),
        (1 * KIB, 8000, 0, 0.2),
        (20 * KIB, 1000, 0, 0.5),
        (100 * KIB, 400, 0, 0.5),
        (2 * KIB, 4000, 1200, 0.06),
        (10 * KIB, 4000, 1200, 0.5),
        (60 * KIB, 1000, 1200, 0.5),
    ],
)
def test_a_leak_is_found(bytes_a_request: float, requests: int, pool: float, noise: float) -> None:
    heights = pool * np.minimum(1, DONE / 0.2) + DONE * bytes_a_request * requests / MIB
    found, _ = in_sequence(noisy(heights, noise), 8, requests)
    assert found.verdict is Verdict.LEAK
    assert found.interval.low < found.interval.estimate < found.interval.high
    assert found.interval.estimate == pytest.approx(bytes_a_request, rel=0.25)


@pytest.mark.parametrize("objects_a_block", [50, 12])
def test_a_leak_of_one_request_in_ten_is_found(objects_a_block: int) -> None:
    random = np.random.default_rng(3)
    lost = np.cumsum(random.poisson(objects_a_block, 24)) * 0.02
    found, _ = in_sequence(noisy(lost, 0.03), 8, 4000)
    assert found.verdict is Verdict.LEAK


def test_a_leak_under_a_pool_that_fills_for_half_the_load_is_found() -> None:
    threads = THREAD * np.round(80 * np.minimum(1, DONE / 0.5))
    found, _ = in_sequence(noisy(threads + 20 * DONE, 0.1), 8, 4000)
    assert found.verdict is Verdict.LEAK


@pytest.mark.parametrize("begins", [0.3, 0.6, 0.75])
def test_a_leak_that_starts_late_is_found(begins: float) -> None:
    heights = 5 + 20 * np.maximum(0, DONE - begins)
    found, _ = in_sequence(noisy(heights, 0.05), 8, 4000)
    assert found.verdict is Verdict.LEAK


@pytest.mark.parametrize("block", [2, 5, 7])
@pytest.mark.parametrize("by", [-3.0, 3.0])
def test_one_outlier_hides_no_leak(block: int, by: float) -> None:
    heights = 8 * DONE
    heights[block] += by
    found, _ = in_sequence(noisy(heights, 0.05), 8, 4000)
    assert found.verdict is Verdict.LEAK


def test_what_was_given_back_at_the_start_hides_no_leak() -> None:
    heights = 40 * (np.exp(-DONE / 0.1) - 1) + 6 * DONE
    found, _ = in_sequence(noisy(heights, 0.05), 8, 4000)
    assert found.verdict is Verdict.LEAK


def test_a_leak_is_confirmed_by_half_as_much_load_again() -> None:
    _, blocks = in_sequence(20 * DONE, 8, 4000)
    assert blocks == 12


@pytest.mark.parametrize("ends", [0.7, 0.95, 1.1, 1.3])
def test_a_cache_that_fills_evenly_until_late_is_no_leak(ends: float) -> None:
    found, _ = in_sequence(noisy(100 * np.minimum(1, DONE / ends), 0.05), 8, 4000)
    assert found.verdict is Verdict.BOUNDED


@pytest.mark.parametrize("share", [0.15, 0.3, 0.5])
def test_growth_that_dies_away_is_no_leak(share: float) -> None:
    found, _ = in_sequence(noisy(300 * (1 - np.exp(-DONE / share)), 0.3), 8, 1000)
    assert found.verdict is Verdict.BOUNDED


def test_growth_with_the_whole_load_as_its_time_constant_is_no_leak() -> None:
    found, _ = in_sequence(noisy(300 * (1 - np.exp(-DONE)), 0.3), 8, 1000)
    assert found.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("half", [0.03, 0.1])
def test_growth_that_dies_away_slower_than_that_is_no_leak(half: float) -> None:
    found, _ = in_sequence(noisy(100 * DONE / (DONE + half), 0.05), 8, 4000)
    assert found.verdict is not Verdict.LEAK


@pytest.mark.parametrize("life", [0.3, 0.55, 0.8])
def test_a_saw_tooth_of_recycled_workers_is_bounded(life: float) -> None:
    heights = 160 * ((DONE + 0.1) % life)
    found, blocks = in_sequence(noisy(heights, 0.3), 8, 4000)
    seen = troughs(noisy(heights, 0.3)[:blocks], requests=500 * blocks, planned=4000)
    assert found.verdict is Verdict.BOUNDED
    assert is_bounded_saw_tooth(evidence(seen))
    assert found.reason == bounded_reason(evidence(seen))


def test_a_worker_that_starts_anew_is_no_leak() -> None:
    heights = np.full(24, 120.0) - 60 * (DONE > 0.6) * np.exp(-(DONE - 0.6) / 0.1)
    found, _ = in_sequence(noisy(heights, 0.2), 8, 4000)
    assert found.verdict is Verdict.BOUNDED


@pytest.mark.parametrize("seed", range(20))
def test_eight_blocks_of_loud_or_wandering_noise_are_no_leak(seed: int) -> None:
    loud = noisy(np.full(24, 4.0), 0.5, seed)
    wandering = 4 + np.cumsum(np.random.default_rng(seed).normal(0, 0.1, 24))
    for heights in (loud, wandering):
        assert in_sequence(heights, 8, 1000)[0].verdict is Verdict.FLAT


@pytest.mark.parametrize("seed", range(10))
def test_noise_of_a_page_is_no_leak(seed: int) -> None:
    pages = np.random.default_rng(seed).integers(0, 3, 24)
    assert in_sequence(1 + pages * 4096 / MIB, 8, 8000)[0].verdict is Verdict.FLAT


def test_a_thread_that_starts_late_among_many_is_still_bounded() -> None:
    heights = np.array([250, 290, 290, 290, 305, 305, 305, 305.2])
    assert verdict_of(troughs(heights)) is Verdict.BOUNDED


def test_the_threads_own_arms() -> None:
    def after(growth: float, baseline: float) -> Verdict:
        return verdict_of(troughs(np.full(8, growth), baseline, 1000, workers=4))

    assert after(1220, 76.2) is Verdict.BOUNDED
    assert after(68.9, 75.9) is Verdict.BOUNDED
    assert after(8.6, 75.4) is Verdict.FLAT
    assert after(8.0, 75.6) is Verdict.FLAT


@pytest.mark.parametrize(
    "heights",
    [
        (8.2, 8.5, 8.8, 8.9, 9.2, 9.4, 9.4, 9.5),
        (7.9, 8.3, 9.1, 9.3, 10.0, 10.2, 10.4, 10.5),
        (8.3, 8.8, 9.2, 9.6, 9.8, 10.0, 10.2, 10.4),
    ],
)
def test_a_pool_of_25_threads_with_a_connection_each_is_flat_on_every_machine(
    heights: tuple[float, ...],
) -> None:
    """Real: 9.5 MiB where anyio ended idle threads between blocks, 10.3 to 10.5 elsewhere."""
    assert verdict_of(troughs(np.array(heights), 67.7, requests=200)) is Verdict.FLAT


def test_memory_that_was_given_back_is_flat() -> None:
    heights = np.array([-10, -12, -12, -12, -12, -12, -12, -12.1])
    seen = troughs(heights)
    judgement = judge_troughs(seen)
    assert (judgement.verdict, judgement.reason) == (Verdict.FLAT, flat_reason(evidence(seen)))
    assert seen.growth_bytes == round(-12.1 * MIB)


def test_more_workers_are_allowed_more() -> None:
    heights = np.full(8, 30.0)
    one, four = (verdict_of(troughs(heights, workers=workers)) for workers in (1, 4))
    assert (one, four) == (Verdict.BOUNDED, Verdict.FLAT)


def test_a_large_baseline_is_allowed_its_share() -> None:
    heights = np.full(8, 59.0)
    assert verdict_of(troughs(heights, baseline=500)) is Verdict.FLAT
    assert verdict_of(troughs(heights, baseline=490)) is Verdict.BOUNDED


STEADY = np.arange(1, 9) * 2.0


@pytest.mark.parametrize(
    ("heights", "verdict", "reason"),
    [
        (STEADY, Verdict.LEAK, lambda seen: leak_reason(seen, seen.trend.slope)),
        (np.full(8, 1220.0), Verdict.BOUNDED, bounded_reason),
        (np.full(8, 4.0), Verdict.FLAT, flat_reason),
        (
            300 * (1 - np.exp(-np.arange(1, 9) / 4)),
            Verdict.INCONCLUSIVE,
            lambda seen: open_reason(seen, None),
        ),
        (
            np.array([20, 40, 60, 10, 30, 50, 70, 90.0]),
            Verdict.INCONCLUSIVE,
            lambda seen: open_reason(seen, LeakDoubt.SAW_TOOTH),
        ),
    ],
    ids=lambda value: value.value if isinstance(value, Verdict) else "",
)
def test_each_verdict_has_the_reason_of_its_kind(
    heights: Curve, verdict: Verdict, reason: Callable[[TroughEvidence], str]
) -> None:
    seen = troughs(heights)
    judgement = judge_troughs(seen)
    assert (judgement.verdict, judgement.reason) == (verdict, reason(evidence(seen)))


def test_a_leak_that_does_not_matter_to_the_user_is_none() -> None:
    heights = noisy(np.arange(1, 17) * 0.25, 0.02)
    seen = troughs(heights, requests=8000)
    assert judge_troughs(seen, matters=256).verdict is Verdict.LEAK
    judgement = judge_troughs(seen, matters=1000)
    assert judgement.verdict is Verdict.FLAT
    assert judgement.reason == flat_reason(evidence(seen, matters=1000))


def test_a_judgement_holds_growth_interval_and_caveats() -> None:
    fine = Conditions(blocks=8, sent=1000, ok=1000, not_stable=1)
    judged = judge(troughs(STEADY), fine)
    assert judged.verdict is Verdict.LEAK
    assert judged.growth_bytes == 16 * MIB
    assert judged.interval is not None
    assert judged.interval.estimate == pytest.approx(16 * MIB / 1000)
    assert [caveat.kind.name for caveat in judged.caveats] == ["NOT_STABLE"]


def test_too_few_blocks_keep_their_numbers_and_have_no_verdict() -> None:
    judged = judge(troughs(STEADY[:4]), Conditions(blocks=4, sent=1000, ok=1000))
    assert judged.verdict is Verdict.INCONCLUSIVE
    assert judged.growth_bytes == 8 * MIB
    assert judged.interval is not None


def test_one_block_has_growth_and_no_interval() -> None:
    judged = judge(troughs(STEADY[:1]), Conditions(blocks=1, sent=1000, ok=1000))
    assert (judged.growth_bytes, judged.interval) == (2 * MIB, None)


def test_uneven_blocks_are_weighed_by_their_requests() -> None:
    requests = (100, 250, 300, 480, 600, 690, 850, 1000)
    line = Troughs(50 * MIB, tuple(50 * MIB + 16384 * count for count in requests), requests)
    judgement = judge_troughs(line)
    assert judgement.verdict is Verdict.LEAK
    assert judgement.interval.estimate == pytest.approx(16384)


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
# 1 KiB a request, as evenly as a leak, up to 3,500 requests, and then holds still.
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


def test_the_same_troughs_have_the_same_finding() -> None:
    heights = noisy(np.arange(1, 13) * 0.5, 0.2)
    assert judge_troughs(troughs(heights)) == judge_troughs(troughs(heights))


FLASK_IN_12_ARENAS = measured(
    (22.60, 26.14, 28.88, 29.50, 30.04, 30.25, 30.64, 30.82, 31.35, 31.89, 32.97, 33.04, 33.12),
    500,
    planned=4000,
)
"""Flask's own server, MiB; nothing is in use at the end that was not after two blocks."""
FREE_KIB = (1208, 965, 1375, 1906, 2463, 2643, 2975, 3219, 3638, 4171, 4330, 4383, 4432)


def test_memory_that_is_free_in_the_allocator_is_no_leak_though_it_grows() -> None:
    seen = with_free(FLASK_IN_12_ARENAS, FREE_KIB)
    judgement = judge_troughs(seen)
    free = harmless_reason(evidence(seen), HarmlessGrowth.FREE, judgement.interval)

    assert verdict_of(FLASK_IN_12_ARENAS) is Verdict.LEAK
    assert (judgement.verdict, judgement.reason) == (Verdict.BOUNDED, free)


ONE_MIB_FREE = with_free(
    measured([13.4 + 0.125 * step for step in range(9)], 500, planned=4000),
    [1000 + 128 * step for step in range(9)],
)
"""An app that keeps nothing, whose arenas gained 1 MiB (measured: in the next run it did not)."""


@pytest.mark.parametrize(
    ("live_a_block", "verdict"), [(20, Verdict.FLAT), (500 * 300, Verdict.LEAK)]
)
def test_little_growth_that_is_free_is_flat_where_live_memory_says_so(
    live_a_block: int, verdict: Verdict
) -> None:
    live = [9 * MIB + live_a_block * step + 40 * (step % 2) for step in range(9)]
    seen = replace(ONE_MIB_FREE, live_bytes=tuple(live))
    judged, flat = judge_troughs(seen), flat_but_for_free_reason(evidence(seen))

    assert verdict_of(ONE_MIB_FREE) is Verdict.BOUNDED
    assert judged.verdict is verdict
    assert (judged.reason == flat) is (verdict is Verdict.FLAT)


@pytest.mark.parametrize("share_free", [0.0, 0.25])
def test_live_memory_leaks_whatever_else_is_free_in_the_allocator(share_free: float) -> None:
    rise = 8 * np.arange(13)
    seen = troughs(noisy(rise[1:], 0.05), requests=4000)
    free = with_free(seen, 1000 + share_free * 1024 * rise)

    assert verdict_of(free) is Verdict.LEAK


def test_a_small_leak_beside_arenas_that_grow_is_found() -> None:
    creep, live = np.arange(13) * 1.0, np.arange(13) * 1.0
    seen = troughs(noisy(creep[1:] + live[1:], 0.03), requests=6000, planned=4000)

    assert verdict_of(with_free(seen, 1024 * creep)) is Verdict.LEAK


def test_without_a_memory_breakdown_the_troughs_alone_decide() -> None:
    assert FLASK_IN_12_ARENAS.without_free is FLASK_IN_12_ARENAS.live is None
    rest = with_free(FLASK_IN_12_ARENAS, FREE_KIB).without_free
    assert rest is not None
    assert rest.growth_bytes == FLASK_IN_12_ARENAS.growth_bytes - (4432 - 1208) * KIB


STILL = troughs(np.array([0, 0, 0, 0, 0.02, 0.02, 0.04, 0.28]), baseline=19.6, requests=4000)
"""A leak of 256 B a request as memory showed it (measured): what was free took most of it."""


def test_live_memory_leaks_though_memory_that_was_free_hides_it() -> None:
    seen = with_live(STILL, 500 * 256 * np.arange(9) + [0, 900, 0, 300, 0, 0, 600, 0, 0])
    judgement = judge_troughs(seen)

    assert verdict_of(STILL) is Verdict.FLAT
    assert judgement.verdict is Verdict.LEAK
    assert judgement.interval.estimate == pytest.approx(256, rel=0.01)
    assert judgement.reason == of_live(seen, judgement)


@pytest.mark.parametrize(
    "gained",
    [
        np.zeros(9),
        500 * 100 * np.arange(9),
        2 * MIB * (1 - np.exp(-np.arange(9) / 2)),
        MIB * (np.arange(9) % 2),
    ],
    ids=["nothing", "less than matters", "a cache that fills", "garbage between collections"],
)
def test_live_memory_that_does_not_leak_leaves_the_verdict(gained: Curve) -> None:
    assert verdict_of(with_live(STILL, gained)) is Verdict.FLAT


def of_live(seen: Troughs, judgement: Conclusion) -> str:
    """The reason of a leak of live memory."""
    live = leaking_live(evidence(seen))
    assert live is not None
    return live_leak_reason(evidence(seen), live, judgement.interval)


STEPS_OVER_A_LEAK = np.array([40, 90, 92, 126, 128, 130, 154, 156, 158, 160, 180, 182]) * 1.0
"""MiB: ever smaller steps, and 2 MiB a block that stay."""


def test_live_memory_that_grows_evenly_is_a_leak_below_steps_of_memory() -> None:
    seen = troughs(STEPS_OVER_A_LEAK, requests=6000, planned=4000)
    live = with_live(seen, 2 * MIB * np.arange(13))
    judgement = judge_troughs(live)

    assert verdict_of(seen) is not Verdict.LEAK
    assert (judgement.verdict, judgement.reason) == (Verdict.LEAK, of_live(live, judgement))


@pytest.mark.parametrize(
    "gained",
    [MIB * 40 * DONE[:12] / (1 + DONE[:12]), 12 * MIB * DONE[:12] ** 0.8],
    ids=["a hyperbola", "a power of the load"],
)
def test_live_memory_that_slows_down_is_no_leak_where_memory_shows_none(gained: Curve) -> None:
    seen = troughs(STEPS_OVER_A_LEAK, requests=6000, planned=4000)

    assert verdict_of(with_live(seen, [0, *gained])) is verdict_of(seen)


def test_garbage_is_no_leak_though_it_grows_evenly_until_it_is_collected() -> None:
    seen = troughs(STEPS_OVER_A_LEAK, requests=6000, planned=4000)
    live = with_live(seen, 2 * MIB * np.arange(13))

    assert verdict_of(replace(live, garbage_bytes=170 * MIB)) is not Verdict.LEAK


def test_address_space_that_an_arena_reserved_hides_no_leak() -> None:
    """Measured: 101 MiB counted as free in 30 MiB of memory."""
    seen = troughs(noisy(8 * DONE[:8], 0.03), requests=4000)
    free = with_free(seen, 1024 * np.arange(9) * 10)

    assert verdict_of(free) is Verdict.LEAK


def test_a_leak_is_told_with_the_growth_of_live_memory() -> None:
    seen = troughs(noisy(4 * DONE[:8], 0.05), requests=4000)
    live = with_live(seen, 500 * 772 * np.arange(9) + [0, 90, 0, 30, 0, 0, 60, 0, 0])
    judgement = judge_troughs(live)
    of_it = leaking_live(evidence(live))

    assert judgement.verdict is Verdict.LEAK
    assert of_it is not None
    assert of_it.trend.slope is not None
    assert of_it.trend.slope.estimate == pytest.approx(772, rel=0.01)
    assert judgement.reason == leak_reason(evidence(live), judgement.interval, of_it)


@pytest.mark.parametrize(
    ("live_a_request", "verdict"),
    [(8_000, Verdict.INCONCLUSIVE), (200, Verdict.FLAT)],
)
def test_few_requests_that_leave_live_memory_are_not_flat(
    live_a_request: int, verdict: Verdict
) -> None:
    """Measured: 8 kB a websocket, 549 requests in the time, 9.9 MiB, which count as none."""
    heights = np.array([4.2, 5.0, 5.9, 6.7, 7.4, 8.3, 9.1, 9.9])
    seen = replace(troughs(heights, requests=549, planned=549), of_user_app=True)
    requests = np.array([0, *seen.requests])
    live = with_live(seen, live_a_request * requests)
    judged, in_few = judge_troughs(live), live_in_few_reason(evidence(live))

    assert judged.verdict is verdict
    assert (judged.reason == in_few) is (live_a_request > 200)


LIVE_IN_TWO_WORKERS = (
    40635024, 40865920, 41068720, 41166960, 41336560, 41396800, 41585696, 41758320, 41859952,
    41918304, 42091808,
)  # fmt: skip
"""Bytes, as measured: a dict a request in two workers, whose tables double in steps."""


def two_workers(blocks: int, live: Sequence[float]) -> Troughs:
    seen = troughs(np.zeros(blocks), requests=500 * blocks, workers=2, planned=4000)
    return replace(seen, live_bytes=tuple(map(round, live[: blocks + 1])))


def test_live_memory_that_is_not_decided_asks_for_more_load_though_memory_is_flat() -> None:
    seen = two_workers(10, LIVE_IN_TWO_WORKERS)
    judgement = judge_troughs(seen)

    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert judgement.reason == live_open_reason(evidence(seen))


def test_at_the_end_of_what_the_lab_adds_memory_has_the_last_word() -> None:
    blocks = 24
    twice = [*LIVE_IN_TWO_WORKERS, *np.linspace(LIVE_IN_TWO_WORKERS[-1], 42_100_000, blocks - 10)]

    assert not is_exhausted(two_workers(10, LIVE_IN_TWO_WORKERS))
    assert is_exhausted(two_workers(blocks, twice))
    assert verdict_of(two_workers(blocks, twice)) is Verdict.FLAT


def test_few_requests_of_a_user_app_rule_out_no_leak() -> None:
    level = troughs(np.zeros(8), requests=8)
    assert verdict_of(level) is Verdict.FLAT
    seen = replace(level, of_user_app=True)
    judgement = judge_troughs(seen)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert judgement.reason == too_few_reason(evidence(seen), LEAST_REQUESTS)


def test_few_requests_of_a_user_app_can_show_a_leak() -> None:
    steep = replace(troughs(np.arange(1.0, 9.0) * 20, requests=80), of_user_app=True)
    assert verdict_of(steep) is Verdict.LEAK
