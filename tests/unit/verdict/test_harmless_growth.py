"""Growth that goes on and is not a leak: a pool that fills below its predicted ceiling."""

from dataclasses import replace

import numpy as np
import pytest
from builders.curves import evidence
from builders.filled import filled, in_bytes
from lab.records.judgement import Verdict
from lab.units import MIB
from lab.verdict.harmless_growth import HarmlessGrowth
from lab.verdict.leak_criteria import leaking_live
from lab.verdict.reasons import fragments_reason, harmless_reason, leak_reason
from lab.verdict.trend import PredictedCeiling, Troughs
from lab.verdict.verdict import judge_troughs

THREAD_BYTES = 16_019_456
"""What a thread of the `lists` workload retains, as calibrated."""
OF_200_THREADS = PredictedCeiling(3_204_018_176, 200, THREAD_BYTES)
CPUS_40 = filled(
    (38.9, 1073.5, 1780.8, 1933.7, 2010.4, 2148.9, 2286.6, 2409.1, 2471.1),
    (1.4, 1031.0, 1736.8, 1888.1, 1963.9, 2100.3, 2236.4, 2357.4, 2418.1),
    OF_200_THREADS,
)
"""Python 3.7 on 40 CPUs, as measured: a pool of 200 threads after 1,000 requests."""
ONE_AT_A_TIME = filled(
    (39.6, 39.9, 97.1, 154.4, 211.6, 269.5, 269.5, 326.7, 384.0),
    (1.4, 1.5, 58.7, 116.0, 173.2, 230.4, 230.5, 287.7, 345.0),
    PredictedCeiling(480_182_272, 8, 60_022_784),
    each=1,
)
"""Eight uploads one after the other, as measured: each starts one more thread."""


def is_harmless(seen: Troughs, kind: HarmlessGrowth) -> bool:
    """Whether it is bounded, for a reason of that kind."""
    judgement = judge_troughs(seen)
    reason = harmless_reason(evidence(seen), kind, judgement.interval)
    return (judgement.verdict, judgement.reason) == (Verdict.BOUNDED, reason)


@pytest.mark.parametrize(("seen", "filled_threads"), [(CPUS_40, 159), (ONE_AT_A_TIME, 6)])
def test_a_pool_below_its_predicted_ceiling_is_filling(seen: Troughs, filled_threads: int) -> None:
    assert is_harmless(seen, HarmlessGrowth.FILLING)
    assert seen.ceiling is not None
    assert seen.ceiling.filled_threads(seen.growth_bytes) == filled_threads


def test_the_same_growth_is_no_leak_without_a_prediction_as_it_is_free() -> None:
    assert is_harmless(replace(CPUS_40, ceiling=None), HarmlessGrowth.FREE)


def test_growth_of_which_nothing_is_known_is_judged_by_its_trend() -> None:
    unknown = replace(CPUS_40, ceiling=None, free_bytes=None)

    assert judge_troughs(unknown).verdict is Verdict.LEAK


def test_a_leak_below_the_ceiling_is_found_as_it_is_not_free_in_the_allocator() -> None:
    """A pool that is full at 1,200 MiB of 3,056, and 10 MiB a block that are live."""
    leak = np.concatenate([[0], 1200 + 10.0 * np.arange(1, 17)])
    free = np.concatenate([[0], np.full(16, 1190.0)])
    seen = filled(39 + leak, 1 + free, OF_200_THREADS, each=500)

    assert judge_troughs(seen).verdict is Verdict.LEAK


def test_above_its_ceiling_a_pool_is_not_filling() -> None:
    small = PredictedCeiling(1_000 * MIB, 65, THREAD_BYTES)
    judgement = judge_troughs(
        replace(ONE_AT_A_TIME, ceiling=replace(small, growth_bytes=300 * MIB))
    )

    assert judgement.verdict is Verdict.INCONCLUSIVE


THREADS_LATE = replace(
    filled(
        (22.4, 98.9, 114.2, 114.3, 604.9, 605.0, 605.1, 332.5, 484.0),
        (2.3, 78.4, 93.9, 94.0, 582.9, 583.0, 583.0, 310.8, 462.1),
        PredictedCeiling(640_901_120, 40, THREAD_BYTES),
    ),
    live_bytes=in_bytes((17.5, 17.7, 17.8, 17.7, 18.1, 18.1, 18.1, 17.8, 17.9)),
)
"""Flask's own server on a busy machine, as measured: 8 threads at once in the first three blocks,
42 in the fourth, whose stacks are 1.8 MiB."""
STEPS_MIB = np.array([0, 0, 0, 0, 0, 0.4, 0.8, 1.2, 1.6])


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [
        (THREADS_LATE, Verdict.BOUNDED),
        (replace(THREADS_LATE, live_bytes=None), Verdict.INCONCLUSIVE),
        (
            replace(
                THREADS_LATE,
                free_bytes=tuple(
                    round(free - step * MIB)
                    for free, step in zip(THREADS_LATE.free_bytes or (), STEPS_MIB, strict=True)
                ),
            ),
            Verdict.INCONCLUSIVE,
        ),
    ],
    ids=["their stacks", "live memory unknown", "what is not free goes on"],
)
def test_threads_that_start_late_bring_their_stacks(seen: Troughs, verdict: Verdict) -> None:
    assert judge_troughs(seen).verdict is verdict


@pytest.mark.parametrize("seed", range(10))
def test_a_pool_that_fills_thread_by_thread_has_one_verdict(seed: int) -> None:
    """Whatever the order in which 200 idle threads get their first request."""
    random = np.random.default_rng(seed)
    at = np.sort(random.exponential(random.uniform(100, 500), 200))
    full = np.searchsorted(at, np.arange(0, 1001, 125), side="right")
    stacks = 10 * np.minimum(1, np.arange(9) / 2)
    memory = 39 + 15.0 * full + stacks

    assert judge_troughs(filled(memory, 1 + 15.0 * full, OF_200_THREADS)).verdict is Verdict.BOUNDED


OF_40_THREADS = PredictedCeiling(640_905_216, 40, THREAD_BYTES)
CYCLES = filled(
    (35.4, 429.3, 559.6, 514.1, 590.2, 620.6, 484.5, 561.0, 568.9),
    (0.9, 393.3, 477.2, 461.5, 537.1, 582.4, 446.4, 492.4, 530.8),
    OF_40_THREADS,
    each=50,
)
"""Python 3.7 with garbage in cycles and a collection in each request, as measured: arenas take
turns, and memory rises and falls below the ceiling of the pool."""
ABOVE = filled(
    (35.4, 391.1, 483.1, 514.6, 560.2, 499.8, 607.1, 669.1, 722.2),
    (0.9, 340.3, 400.6, 477.1, 522.5, 446.5, 568.6, 615.6, 638.0),
    OF_40_THREADS,
    each=50,
)
"""The same, measured in another trial: garbage of other threads comes on top of the ceiling."""


@pytest.mark.parametrize(
    ("seen", "kind"),
    [(CYCLES, HarmlessGrowth.FILLING), (ABOVE, HarmlessGrowth.FREE)],
    ids=["below the ceiling", "above it"],
)
def test_memory_that_rises_and_falls_and_is_free_has_one_verdict(
    seen: Troughs, kind: HarmlessGrowth
) -> None:
    assert is_harmless(seen, kind)
    assert OF_40_THREADS.filled_threads(CYCLES.growth_bytes) == 34


def test_what_grows_beside_it_and_is_not_free_keeps_the_verdict_open() -> None:
    """12 MiB a block that no allocator has free, below the ceiling of the pool."""
    rest = 12 * MIB * np.arange(1, 9)
    grown = tuple(size + int(more) for size, more in zip(CYCLES.trough_bytes, rest, strict=True))
    ceiling = replace(OF_40_THREADS, growth_bytes=2 * OF_40_THREADS.growth_bytes)

    judgement = judge_troughs(replace(CYCLES, trough_bytes=grown, ceiling=ceiling))
    assert judgement.verdict in (Verdict.INCONCLUSIVE, Verdict.LEAK)


PRELOADED = Troughs(
    *(in_bytes((237.3,))),
    in_bytes((251.9, 264.2, 275.8, 289.2, 301.1, 311.8, 330.5, 340.9, 350.9, 358.7, 368.2, 379.6)),
    tuple(range(500, 6001, 500)),
    workers=4,
    planned=4000,
    live_bytes=in_bytes((685.3, *(685.7,) * 12)),
    shared_bytes=in_bytes(
        (699.5, 687.6, 675.9, 664.3, 653.0, 641.6, 629.8, 620.8, 611.5, 602.3, 593.2, 583.9, 574.3)
    ),
)
"""gunicorn --preload, 4 workers, 300,000 rows loaded before the fork, as measured."""


def test_pages_copied_after_a_fork_are_no_leak_and_have_a_ceiling() -> None:
    assert judge_troughs(replace(PRELOADED, shared_bytes=None)).verdict is Verdict.LEAK
    assert is_harmless(PRELOADED, HarmlessGrowth.COPIED)


def with_shared(falls_mib: float) -> Troughs:
    return replace(
        PRELOADED, shared_bytes=in_bytes([700 - falls_mib * block for block in range(13)])
    )


@pytest.mark.parametrize("falls_mib", [0.0, 5.0, 40.0], ids=["none", "half", "files given back"])
def test_what_is_shared_must_fall_by_what_memory_gains(falls_mib: float) -> None:
    assert judge_troughs(with_shared(falls_mib)).verdict is Verdict.LEAK


def test_live_memory_that_grows_beside_copies_is_a_leak() -> None:
    live = in_bytes([685 + 5.0 * block for block in range(13)])

    assert judge_troughs(replace(PRELOADED, live_bytes=live)).verdict is Verdict.LEAK


def never_reused(blocks: int, live_mib: float = 0.0) -> Troughs:
    """Free memory that grows by 20 MiB a block, beside live memory that may grow, too."""
    noise = np.random.default_rng(3).normal(0, 0.05, blocks + 1)
    free = [1 + 20 * block for block in range(blocks + 1)]
    live = [30 + live_mib * block for block in range(blocks + 1)]
    memory = [a + b + c for a, b, c in zip(free, live, noise, strict=True)]
    seen = filled(memory, free, None, each=500)
    return replace(seen, live_bytes=in_bytes(live), planned=4000)


@pytest.mark.parametrize(
    ("blocks", "verdict", "open_ended"),
    [(8, Verdict.BOUNDED, True), (20, Verdict.BOUNDED, True), (24, Verdict.LEAK, False)],
)
def test_free_memory_that_grows_to_the_end_of_the_longest_load_is_never_reused(
    blocks: int, verdict: Verdict, open_ended: bool
) -> None:
    seen = never_reused(blocks)
    judgement = judge_troughs(seen)
    fragments = fragments_reason(evidence(seen), judgement.interval)

    assert (judgement.verdict, judgement.open_ended) == (verdict, open_ended)
    assert (judgement.reason == fragments) == (verdict is Verdict.LEAK)


def test_a_pool_below_its_ceiling_is_not_followed_to_the_longest_load() -> None:
    ceiling = PredictedCeiling(2000 * MIB, 100, 20 * MIB)

    assert not judge_troughs(replace(never_reused(8), ceiling=ceiling)).open_ended


def test_live_memory_that_grows_beside_is_a_leak_of_its_own() -> None:
    seen = never_reused(24, live_mib=5)
    judgement = judge_troughs(seen)
    reason = leak_reason(evidence(seen), judgement.interval, leaking_live(evidence(seen)))

    assert (judgement.verdict, judgement.reason) == (Verdict.LEAK, reason)
