"""What the exact count of live bytes tells of a user app in fewer requests than memory needs."""

import numpy as np
import pytest
from lab.records.judgement import STOPPED, Verdict
from lab.units import KIB, MIB
from lab.verdict.trend import Troughs
from lab.verdict.verdict import Conclusion, judge_troughs

BLOCKS = 8
SEEDS = range(20)
SHOWN_SHARE = 0.2
"""What memory shows of a leak that first fills what was free."""


def judged(
    requests: int, a_request: float, *, cache_bytes: float = 0, noise_kib: float = 4, seed: int
) -> Conclusion:
    random = np.random.default_rng(seed)
    sent = requests * np.arange(BLOCKS + 1) // BLOCKS
    cached = cache_bytes * (1 - np.exp(-sent / (0.15 * requests)))
    live = 30 * MIB + a_request * sent + cached + random.normal(0, noise_kib * KIB, BLOCKS + 1)
    memory = SHOWN_SHARE * a_request * sent + random.normal(0, 0.05 * MIB, BLOCKS + 1)
    seen = Troughs(
        60 * MIB,
        tuple(int(60 * MIB + size) for size in memory[1:]),
        tuple(int(count) for count in sent[1:]),
        planned=requests,
        live_bytes=tuple(map(int, live)),
        of_user_app=True,
    )
    return judge_troughs(seen)


@pytest.mark.parametrize(
    ("requests", "a_request"), [(400, 1500), (500, 1024), (1000, 700), (2000, 350), (1000, 400)]
)
def test_live_growth_that_matters_is_neither_flat_nor_bounded(
    requests: int, a_request: float
) -> None:
    """Memory itself shows less than 1 MiB of it, which counts as none."""
    said = [judged(requests, a_request, seed=seed).verdict for seed in SEEDS]

    assert not STOPPED.intersection(said)


@pytest.mark.parametrize("noise_kib", [4, 16])
@pytest.mark.parametrize("requests", [400, 500, 1000, 2000])
def test_level_live_memory_stays_flat(requests: int, noise_kib: float) -> None:
    said = {judged(requests, 0, noise_kib=noise_kib, seed=seed).verdict for seed in SEEDS}

    assert said == {Verdict.FLAT}


@pytest.mark.parametrize("cache_kib", [100, 300, 1000])
def test_a_cache_that_fills_up_soon_is_flat(cache_kib: int) -> None:
    said = {judged(500, 0, cache_bytes=cache_kib * KIB, seed=seed).verdict for seed in SEEDS}

    assert said == {Verdict.FLAT}


def test_a_flat_user_app_is_told_with_the_bound_of_the_exact_count() -> None:
    said = judged(500, 0, seed=1)

    assert "Live memory, which is counted exactly, grows by at most " in said.reason
