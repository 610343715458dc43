"""Growth that has ended before the plan is over, and what must not be taken for that."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from builders import raw
from lab.records.judgement import Verdict
from lab.records.trial import End, EndKind, Trial
from lab.units import KIB, MIB
from lab.verdict.reasons import early_reason, ending_reason
from lab.verdict.sequential import ending_of
from lab.verdict.trend import Troughs, troughs_of
from lab.verdict.verdict import judge_ended, judge_trial

MEASURED_MEMORY_KIB = (140, 48, 204, 0, -900, 496, 164, -56)
SETTLING_MEMORY_KIB = (60, 48, 20)
MEASURED_LIVE_KIB = (29, 26, 7, 2, 5, 4, 2, 5)
"""Increments of a flat app (Starlette 0.20.4 on uvicorn 0.18.3), 500 requests each, as measured."""


def seen(
    memory_kib: Sequence[float], live_kib: Sequence[float] | None = None, each: int = 500
) -> Troughs:
    """Troughs from increments, of a load of eight blocks."""
    sizes = np.cumsum([0, *memory_kib]) * KIB + 60 * MIB
    live = None if live_kib is None else np.cumsum([0, *live_kib]) * KIB + 40 * MIB
    requests = tuple(each * (block + 1) for block in range(len(memory_kib)))
    return Troughs(
        int(sizes[0]),
        tuple(map(int, sizes[1:])),
        requests,
        planned=8 * each,
        live_bytes=None if live is None else tuple(map(int, live)),
    )


def test_the_exact_count_ends_a_flat_load_after_three_blocks_of_eight() -> None:
    ending = ending_of(seen(SETTLING_MEMORY_KIB, MEASURED_LIVE_KIB[:3]))

    assert ending is not None
    assert (ending.verdict, ending.is_exact) == (Verdict.FLAT, True)
    assert round(ending.high) == 184
    assert ending.memory_high > 256


def test_memory_that_still_settles_goes_on() -> None:
    for blocks in range(1, 4):
        assert ending_of(seen(MEASURED_MEMORY_KIB[:blocks], MEASURED_LIVE_KIB[:blocks])) is None


def test_memory_alone_cannot_tell_so_soon() -> None:
    for blocks in range(1, 9):
        assert ending_of(seen(MEASURED_MEMORY_KIB[:blocks])) is None


def test_memory_alone_tells_after_enough_requests() -> None:
    ending = ending_of(seen((40, -30, 20, 10), each=2000))

    assert ending is not None
    assert (ending.verdict, ending.is_exact) == (Verdict.FLAT, False)
    assert ending.high == ending.memory_high < 256


def test_a_plateau_ends_from_where_it_is_level() -> None:
    ending = ending_of(seen((90_000, 400, 20, -30), (60_000, 10, 8, 3)))

    assert ending is not None
    assert (ending.verdict, ending.start) == (Verdict.BOUNDED, 2)


@pytest.mark.parametrize(
    ("memory", "live"),
    [
        ((130, 120, 125, 130, 128, 131), (128, 125, 127, 126, 128, 125)),
        ((500, 510, 490, 505, 500, 498), (4, 3, 5, 2, 4, 3)),
        ((-9000, -3000, -300, -100, 0, 10), (-8000, -2500, -300, -40, 5, 8)),
        ((9000, 4000, 2000, 1000, 500, 250), (8000, 4000, 2000, 1000, 500, 250)),
        ((20, -10), (5, 3)),
    ],
    ids=("256 B a request", "outside of the allocators", "given back", "slowing down", "too few"),
)
def test_what_may_hide_a_leak_goes_on(memory: Sequence[float], live: Sequence[float]) -> None:
    for blocks in range(1, len(memory) + 1):
        assert ending_of(seen(memory[:blocks], live[:blocks])) is None


def early(memory_kib: Sequence[float]) -> Trial:
    """A trial whose load ended before the eight blocks that were planned."""
    sizes = np.cumsum([0, *memory_kib]) * KIB + 60 * MIB
    trial = raw.trial(tuple(map(int, sizes)))
    blocks = tuple(raw.block(index, 2000, 2000) for index in range(len(memory_kib)))
    start = replace(trial.start, requests=16_000)
    return replace(trial, start=start, blocks=blocks, end=End(EndKind.COMPLETE, 9.0, decided=True))


def of_its_end(troughs: Troughs | None) -> str:
    assert troughs is not None
    ending = ending_of(troughs)
    assert ending is not None
    return ending_reason(troughs, ending)


def test_a_load_that_ended_early_is_judged_by_its_end() -> None:
    trial = early((40, -30, 20, 10))
    judgement = judge_trial(trial)

    assert (judgement.verdict, judgement.reason) == (Verdict.FLAT, of_its_end(troughs_of(trial)))
    assert not any(caveat.forbids for caveat in judgement.caveats)


def test_a_load_that_ended_early_without_an_end_decides_nothing() -> None:
    trial = early((4000, 3000, 4000, 3000))
    judgement, troughs = judge_trial(trial), troughs_of(trial)

    assert troughs is not None
    assert (judgement.verdict, judgement.reason) == (Verdict.INCONCLUSIVE, early_reason(troughs))


def test_the_reason_says_which_count_it_rests_on() -> None:
    for troughs in (
        seen(SETTLING_MEMORY_KIB, MEASURED_LIVE_KIB[:3]),
        seen((90_000, 400, 20, -30), (60_000, 10, 8, 3)),
    ):
        assert judge_ended(troughs).reason == of_its_end(troughs)
