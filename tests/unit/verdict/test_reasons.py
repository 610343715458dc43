"""Each sentence on why a verdict is what it is, pinned here and nowhere else.

Those on harmless growth are in `test_harmless_reasons.py`.
"""

from dataclasses import replace

import numpy as np
import pytest
from builders.curves import DONE, MIB, Curve, evidence, measured, noisy, troughs, with_live
from lab.records.judgement import LEAST_REQUESTS, Interval, Verdict
from lab.verdict.leak_criteria import LeakDoubt
from lab.verdict.limit import LimitMet
from lab.verdict.reasons import (
    bounded_reason,
    early_reason,
    ending_reason,
    flat_reason,
    fragments_reason,
    leak_reason,
    live_in_few_reason,
    live_leak_reason,
    live_open_reason,
    lives_reason,
    open_reason,
    too_few_reason,
)
from lab.verdict.sequential import Ending
from lab.verdict.worker_lives import LivesTrend

SLOPE = Interval(1024.0, 1000.0, 1100.0)
PACE = "1.0 KiB a request (1,000 B to 1.1 KiB)"
GROWN = "Memory grew by 16.0 MiB"
STEADY = troughs(np.arange(1, 9) * 2.0)
"""16 MiB in 1,000 requests."""
LEVEL_LIVE = with_live(STEADY, np.zeros(9))
SLOWING = troughs(300 * (1 - np.exp(-np.arange(1, 9) / 4)))
FALLS_BETWEEN = troughs(np.array([20, 40, 60, 10, 30, 50, 70, 90.0]))
OPEN = (
    "Memory grew by 259 MiB. Whether it stopped is open: as many requests again would change it by"
    " 101 MiB to 176 MiB; "
)


def test_a_leak() -> None:
    assert leak_reason(evidence(STEADY), SLOPE) == (
        f"{GROWN} and still grows evenly by {PACE}, 1.0 MiB in 1,000 requests."
    )


def test_one_number_stands_for_an_interval_that_reads_the_same() -> None:
    assert leak_reason(evidence(STEADY), Interval(2048.0, 2047.0, 2049.0)) == (
        f"{GROWN} and still grows evenly by 2.0 KiB a request, 2.0 MiB in 1,000 requests."
    )


@pytest.mark.parametrize(
    ("bytes_a_request", "said"),
    [
        (772, "Live memory grows by 772 B a request (741 B to 802 B)."),
        (
            10_000,
            "Live memory grows by 9.8 KiB a request (9.7 KiB to 9.8 KiB); memory shows only the"
            " part that the app wrote to.",
        ),
    ],
    ids=["written", "a buffer of 512 KiB of which 72 KiB were written, as measured"],
)
def test_a_leak_with_the_growth_of_live_memory(bytes_a_request: int, said: str) -> None:
    noise = np.array([0, 90, 0, 30, 0, 0, 60, 0, 0])
    seen = troughs(noisy(4 * DONE[:8], 0.05), requests=4000)
    live = evidence(with_live(seen, 500 * bytes_a_request * np.arange(9) + noise)).live

    assert leak_reason(evidence(seen), SLOPE, live) == (
        f"Memory grew by 4.1 MiB and still grows evenly by {PACE}, 3.9 MiB in 4,000 requests."
        f" {said}"
    )


def test_workers_that_grow_until_they_are_killed() -> None:
    met = LimitMet(3, 625, 400 * MIB, replaced=True)
    assert lives_reason(LivesTrend(4, SLOPE), met) == (
        "3 workers were killed at the memory limit of 400 MiB; it is met after about 625 requests."
        " The memory of each of the 4 workers that were seen grows alike, by"
        f" {PACE} of all workers together."
    )


def test_fragmentation() -> None:
    assert fragments_reason(evidence(STEADY), SLOPE) == (
        f"{GROWN} and still grows evenly by {PACE} at the end of the longest load (1,000"
        " requests), though live memory does not grow. The allocator does not reuse what is free"
        " in it (fragmentation)."
    )


@pytest.mark.parametrize(
    ("verdict", "is_exact", "said"),
    [
        (
            Verdict.FLAT,
            False,
            f"{GROWN} in 1,000 of 2,000 requests, which show that growth has ended: it grows by at"
            " most 184 B a request.",
        ),
        (
            Verdict.BOUNDED,
            False,
            f"{GROWN} and stopped at 66.0 MiB, as 1,000 of 2,000 requests show: it grows by at most"
            " 184 B a request.",
        ),
        (
            Verdict.FLAT,
            True,
            f"{GROWN} in 1,000 of 2,000 requests, which show that growth has ended. Live memory,"
            " which is counted exactly, grows by at most 184 B a request, and memory by at most"
            " 700 B.",
        ),
    ],
    ids=["flat", "bounded", "of the exact count"],
)
def test_a_load_that_ended_early(verdict: Verdict, is_exact: bool, said: str) -> None:
    ending = Ending(verdict, high=184.0, memory_high=700.0, start=2, is_exact=is_exact)
    assert ending_reason(replace(STEADY, planned=2000), ending) == said


def test_a_load_that_ended_too_early() -> None:
    assert early_reason(replace(STEADY, planned=2000)) == (
        f"{GROWN} in 1,000 of 2,000 requests, which do not show whether growth has ended;"
        " RULE=fixed sends all of them."
    )


@pytest.mark.parametrize(
    ("live_mib", "why"),
    [
        (3.0, "as live objects first take what was free in the allocator"),
        (1.0, "and the rest of that is not live, or does not grow evenly"),
    ],
)
def test_a_leak_of_live_memory(live_mib: float, why: str) -> None:
    seen = with_live(STEADY, live_mib * MIB * np.arange(9))
    live = evidence(seen).live
    assert live is not None

    assert live_leak_reason(evidence(seen), live, SLOPE) == (
        f"Live memory grows evenly by {PACE}, 1.0 MiB in 1,000 requests. {GROWN} so far, {why}."
    )


def test_live_memory_whose_end_is_open() -> None:
    assert live_open_reason(evidence(STEADY)) == (
        f"{GROWN}. Live memory grows, and whether that ends is open: BLOCKS=24 REQUESTS=3000 would"
        " decide."
    )


@pytest.mark.parametrize(
    ("heights", "said"),
    [
        (
            np.full(8, 4.0),
            "Memory grew by 4.0 MiB in 1,000 requests, less than the 12.0 MiB that count as growth."
            " The second half of the load added 0.0 MiB; memory grows by at most 0 B a request.",
        ),
        (
            np.array([-10, -12, -12, -12, -12, -12, -12, -12.1]),
            "Memory shrank by 12.1 MiB in 1,000 requests, less than the 12.0 MiB that count as"
            " growth. The second half of the load gave back 0.1 MiB; memory grows by at most 140 B"
            " a request.",
        ),
    ],
)
def test_memory_that_hardly_changed(heights: Curve, said: str) -> None:
    assert flat_reason(evidence(troughs(heights))) == said


def test_a_small_trend_is_told_with_what_it_is_compared_with() -> None:
    seen = troughs(noisy(np.arange(1, 17) * 0.25, 0.02), requests=8000)
    assert "549 B a request, less than the 1,000 B of MATTERS" in flat_reason(evidence(seen, 1000))


FILLING_HEAP = measured((38.43, 38.5, 41.39, 41.67, 42.17, 42.25, 42.74, 42.74, 43.21), 125)


@pytest.mark.parametrize(
    ("changes", "load"),
    [
        ({}, "REQUESTS=4000"),
        ({"workers": 2}, "REQUESTS=8000"),
        ({"of_user_app": True}, "`count` = 4000"),
        ({"of_user_app": True, "of_budget": True}, "a BUDGET that allows 4,000 requests"),
    ],
)
def test_a_trend_in_a_short_load_is_told_with_the_load_that_decides(
    changes: dict[str, int], load: str
) -> None:
    reason = flat_reason(evidence(replace(FILLING_HEAP, **changes)))

    assert reason.endswith(f" KiB a request: {load} would.")
    assert "so few requests cannot rule out a leak of up to " in reason


def test_growth_that_stopped() -> None:
    assert bounded_reason(evidence(troughs(np.full(8, 1220.0)))) == (
        "Memory grew by 1,220 MiB and stopped at 1,270 MiB: the second half of the load added"
        " 0.0 MiB."
    )


def test_a_saw_tooth() -> None:
    assert bounded_reason(evidence(troughs(160 * ((DONE[:8] + 0.1) % 0.55)))) == (
        "Memory rises and falls between 50.0 MiB and 126 MiB, and its peaks do not rise."
    )


@pytest.mark.parametrize(
    ("changes", "load"),
    [
        ({}, "BLOCKS=24 REQUESTS=3000"),
        ({"planned": 500}, "BLOCKS=16 REQUESTS=2000"),
        ({"of_user_app": True}, "`blocks` = 24 and `count` = 3000"),
        ({"of_user_app": True, "of_budget": True}, "a BUDGET that allows 3,000 requests"),
    ],
    ids=["matrix", "after more load", "user app", "more of `count` would be cut as well"],
)
def test_growth_whose_end_is_open_is_told_with_the_load_that_decides(
    changes: dict[str, int], load: str
) -> None:
    seen = evidence(replace(SLOWING, **changes))
    assert open_reason(seen, None) == f"{OPEN}{load} would decide."


@pytest.mark.parametrize(
    ("of_budget", "load"),
    [(False, "BLOCKS=24 REQUESTS=3000"), (True, "a BUDGET that allows 3,000 requests")],
)
def test_a_doubt_of_a_leak(of_budget: bool, load: str) -> None:
    seen = evidence(replace(FALLS_BETWEEN, of_budget=of_budget))
    assert open_reason(seen, LeakDoubt.SAW_TOOTH) == (
        "Memory grew by 90.0 MiB and still grows, but memory fell in between: the second half of"
        f" the load added 80.0 MiB; {load} would decide."
    )


@pytest.mark.parametrize(
    ("of_budget", "least"),
    [(False, "`count` must be at least 400"), (True, "BUDGET must allow at least 400")],
)
def test_too_few_requests(of_budget: bool, least: str) -> None:
    seen = replace(troughs(np.zeros(8), requests=8), of_user_app=True, of_budget=of_budget)
    assert too_few_reason(evidence(seen), LEAST_REQUESTS) == (
        "Memory grew by 0.0 MiB in 8 requests, which are too few to rule out a leak:"
        f" {least}, and 4000 shows 1 KiB a request."
    )


def test_live_memory_that_grows_in_few_requests() -> None:
    seen = replace(LEVEL_LIVE, of_user_app=True)
    reason = live_in_few_reason(evidence(with_live(seen, 1000 * 1024 / 8 * np.arange(9))))

    assert reason == (
        f"{GROWN} in 1,000 requests. Live memory still grows by 1.0 KiB a request. A cache that"
        " fills can do so in so few requests, too: `count` = 4000 would tell them apart."
    )
