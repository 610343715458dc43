"""Verdicts where what is live, or free in the allocator, is known beside memory."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from builders.curves import (
    DONE,
    Curve,
    evidence,
    measured,
    noisy,
    troughs,
    verdict_of,
    with_free,
    with_live,
)
from lab.records.judgement import Verdict
from lab.units import KIB, MIB
from lab.verdict.harmless_growth import HarmlessGrowth
from lab.verdict.leak_criteria import is_exhausted, leaking_live
from lab.verdict.reasons import (
    flat_but_for_free_reason,
    harmless_reason,
    leak_reason,
    live_in_few_reason,
    live_leak_reason,
    live_open_reason,
)
from lab.verdict.trend import Troughs
from lab.verdict.verdict import Conclusion, judge_troughs

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


STABLE = troughs(np.array([0, 0, 0, 0, 0.02, 0.02, 0.04, 0.28]), baseline=19.6, requests=4000)
"""A leak of 256 B a request as memory showed it (measured): what was free took most of it."""


def test_live_memory_leaks_though_memory_that_was_free_hides_it() -> None:
    seen = with_live(STABLE, 500 * 256 * np.arange(9) + [0, 900, 0, 300, 0, 0, 600, 0, 0])
    judgement = judge_troughs(seen)

    assert verdict_of(STABLE) is Verdict.FLAT
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
    assert verdict_of(with_live(STABLE, gained)) is Verdict.FLAT


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
