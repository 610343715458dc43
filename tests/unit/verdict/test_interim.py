"""What a trial says before its end."""

from dataclasses import replace

import pytest
from builders import raw
from lab.records.observations import WorkerReading
from lab.records.trial import Trial
from lab.units import KIB, MIB
from lab.verdict.interim import standing


def begun(*gained_kib: int) -> Trial:
    """Blocks of 125 requests, after each of which memory has gained so much; not yet at its end."""
    gained_mib = [gained / 1024 for gained in (0, *gained_kib)]
    return raw.grown_trial(gained_mib, lambda *_: None, end=None)


def test_the_first_blocks_say_nothing() -> None:
    assert standing(begun(100, 200, 300)) == "too early to say"


@pytest.mark.parametrize(
    ("gained_kib", "said"),
    [
        ((125, 250, 375, 500), "leans to leak"),
        ((10, 11, 10, 11), "leans to flat"),
        ((0, 500, 100, 600), "still open"),
    ],
)
def test_the_line_of_a_few_blocks_leans(gained_kib: tuple[int, ...], said: str) -> None:
    assert standing(begun(*gained_kib)).endswith(f" in 500 requests, {said}")


def test_from_eight_blocks_on_it_is_the_verdict() -> None:
    even = [12_500 * (block + 1) for block in range(12)]

    assert standing(begun(*even)) == (
        "+100 KiB a request (100 KiB to 100 KiB) in 1,500 requests, leans to leak"
    )


def live_worker(live_bytes: int) -> WorkerReading:
    return raw.worker(in_use_bytes=live_bytes, mmapped_bytes=0, python_in_use_bytes=0)


def with_live(live_kib: tuple[int, ...]) -> Trial:
    """The same 4 MiB of noise in memory, and so many KiB of live bytes, the baseline's first."""
    seen = begun(0, 4000, 500, 3500)
    troughs = tuple(
        replace(trough, probe=raw.probe(live_worker(50 * MIB + live * KIB)))
        for trough, live in zip(seen.troughs, live_kib, strict=True)
    )
    return replace(seen, troughs=troughs)


@pytest.mark.parametrize(
    ("live_kib", "said"),
    [((0, 125, 250, 375, 500), "leans to leak"), ((0, 3, 4, 3, 4), "leans to flat")],
)
def test_the_exact_count_comes_first_where_it_is_known(
    live_kib: tuple[int, ...], said: str
) -> None:
    line = standing(with_live(live_kib))

    assert ", live " in line
    assert line.endswith(f" in 500 requests, {said}")
