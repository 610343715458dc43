"""Intervals and bounds over made-up noise: how often they hold the truth."""

from dataclasses import replace

import numpy as np
import pytest
from builders.curves import troughs
from lab.units import MIB
from lab.validation.exact import with_exact
from lab.validation.held_out import HELD_OUT_UNDER_LEAKS
from lab.validation.shapes import UNDER_LEAKS
from lab.validation.simulate import cases
from lab.verdict.growth_models import Array
from lab.verdict.model_selection import trend_of
from lab.verdict.sequential import EXACT_NOISE_BYTES, NOISES, bound, ending_of
from lab.verdict.trend import Troughs

LIVE_SEED = 1
"""With it a leak is one of live bytes, as nine in ten are."""


def noise(count: int, spread: float, memory: float, random: np.random.Generator) -> Array:
    found = random.normal(0, spread, count)
    for block in range(1, count):
        found[block] = memory * found[block - 1] + np.sqrt(1 - memory**2) * found[block]
    return found


@pytest.mark.parametrize(("memory", "held"), [(0.0, 0.95), (0.6, 0.85)])
@pytest.mark.parametrize("blocks", [8, 16, 24])
def test_how_often_the_interval_holds_the_truth(blocks: int, memory: float, held: float) -> None:
    """As often as it says; less often where the noise remembers, which few blocks cannot tell."""
    random, hits, seen = np.random.default_rng(5), 0, 0
    for _ in range(100):
        heights = 0.5 * np.arange(1, blocks + 1) + noise(blocks, 0.2, memory, random)
        slope = trend_of(troughs(heights)).slope
        if slope is not None:
            seen += 1
            hits += slope.low <= 0.5 * blocks * MIB / 1000 <= slope.high
    assert seen >= 90
    assert hits / seen >= held


def test_the_bound_keeps_its_error_at_all_looks_of_a_trial_together() -> None:
    """Noise of 16 KiB on a leak of 300 B a request, correlated or not: looked at 31 times."""
    random = np.random.default_rng(5)
    below = 0
    for correlation in (0.0, 0.9):
        for _ in range(150):
            noise = random.normal(0, EXACT_NOISE_BYTES, 33)
            for block in range(1, 33):
                fresh = np.sqrt(1 - correlation**2) * noise[block]
                noise[block] = correlation * noise[block - 1] + fresh
            sizes = 40 * MIB + 300 * 500 * np.arange(33) + noise
            live = tuple(map(int, sizes))
            requests = tuple(500 * block for block in range(1, 33))
            whole = Troughs(live[0], live[1:], requests)
            looks = (
                replace(whole, trough_bytes=live[1 : n + 1], requests=requests[:n])
                for n in range(2, 33)
            )
            below += any(
                bound(look, start, EXACT_NOISE_BYTES) < 300
                for look in looks
                for start in (0, len(look.requests) // 2)
            )
    assert below == 0
    assert NOISES > 4


def test_no_stated_leak_ends_a_load_early() -> None:
    shapes = {**UNDER_LEAKS, **HELD_OUT_UNDER_LEAKS}
    ended = [
        family
        for family, found in cases({}, shapes, 2, seed=9).items()
        for case in found
        for blocks in range(1, case.load.blocks)
        if ending_of(with_exact(family, case, LIVE_SEED).troughs(blocks)) is not None
    ]
    assert ended == []
