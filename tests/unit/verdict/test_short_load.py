"""What a load can show, where there was not time for all of it."""

from dataclasses import replace
from typing import Any

import pytest
from builders import raw
from lab.records.judgement import Verdict
from lab.records.trial import End, EndKind, LoadFit, Trial
from lab.verdict.short_load import load_note, smallest_leak_bytes

FIT = LoadFit(4000, 360, 0.166, 180.0, 1992.0)


@pytest.mark.parametrize(
    ("requests", "workers", "least"),
    [(4000, 1, 256), (1000, 1, 10486), (360, 1, 29127), (4000, 2, 5243), (8000, 2, 256)],
)
def test_few_requests_show_large_leaks_alone(requests: int, workers: int, least: int) -> None:
    assert round(smallest_leak_bytes(requests, workers, 256)) == least


def of_360_requests(**changes: Any) -> Trial:
    blocks = tuple(raw.block(index, 45, 45) for index in range(8))
    known = Trial(raw.start(requests=360), blocks=blocks, end=End(EndKind.COMPLETE, 1.0))
    return replace(known, **changes)


def test_a_smaller_load_is_told_with_what_it_shows_and_what_all_would_take() -> None:
    note = load_note(of_360_requests(fit=FIT), Verdict.FLAT)

    assert note == (
        "A request takes 166 ms, so that BUDGET=180s allows 360 of 4,000 requests. The 360 that"
        " were served would show a leak of 28.4 KiB a request or more. BUDGET=34m allows all 4,000."
    )


def test_what_the_time_left_open_is_told() -> None:
    late = of_360_requests(end=End(EndKind.COMPLETE, 181.0, out_of_time=True))

    assert load_note(late, Verdict.INCONCLUSIVE) == (
        "BUDGET ended the load after 360 requests, before the verdict was clear; BUDGET=9m"
        " allows all 1,080 that the lab would send."
    )
    assert load_note(late, Verdict.LEAK) is None
    assert load_note(of_360_requests(), Verdict.INCONCLUSIVE) is None


@pytest.mark.parametrize("verdict", [Verdict.FLAT, Verdict.LEAK])
def test_a_verdict_on_cut_blocks_says_which_leak_they_show(verdict: Verdict) -> None:
    """Without a warm-up no load is made smaller beforehand: BUDGET cuts the blocks."""
    end = End(EndKind.COMPLETE, 181.0, out_of_time=True)
    cut = of_360_requests(start=raw.start(requests=4000), end=end)

    assert load_note(cut, verdict) == (
        "BUDGET ended the load early. The 360 that were served would show a leak of 28.4 KiB a"
        " request or more. BUDGET=34m allows all 4,000."
    )
    assert cut.end is not None
    assert load_note(replace(cut, end=replace(cut.end, decided=True)), verdict) is None


def test_what_had_no_room_is_told_with_what_leaves_more() -> None:
    full = of_360_requests(end=End(EndKind.COMPLETE, 181.0, out_of_room=True))

    assert load_note(full, Verdict.INCONCLUSIVE) == (
        "The load ended after 360 requests, before the verdict was clear, as the raw files of a run"
        " have at most 40.0 MiB: fewer VARIANTS, TRIALS or BLOCKS leave room for more load."
    )
    assert load_note(full, Verdict.LEAK) is None
