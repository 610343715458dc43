"""Every shape is drawn for every load, and loses what it is said to."""

import numpy as np
import pytest
from lab.units import MIB
from lab.validation.held_out import HELD_OUT_NO_LEAKS, HELD_OUT_UNDER_LEAKS
from lab.validation.shapes import NO_LEAKS, UNDER_LEAKS, SimulatedLoad, leaked

SHAPES = {**NO_LEAKS, **HELD_OUT_NO_LEAKS, **UNDER_LEAKS, **HELD_OUT_UNDER_LEAKS}


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_is_drawn_for_three_loads(name: str) -> None:
    load = SimulatedLoad(blocks=12, requests=2000, workers=2)
    heights = SHAPES[name](np.random.default_rng(1), load)
    assert heights.shape == (36,)
    assert np.isfinite(heights).all()


def test_no_name_stands_for_two_families() -> None:
    names = [*NO_LEAKS, *UNDER_LEAKS, *HELD_OUT_NO_LEAKS, *HELD_OUT_UNDER_LEAKS]
    assert len(set(names)) == len(names)


def test_a_leak_loses_what_it_is_said_to() -> None:
    load = SimulatedLoad(blocks=8, requests=8000, workers=1)
    for seed in range(4):
        lost = leaked(np.random.default_rng(seed), load, 1024)
        assert lost[load.blocks - 1] == pytest.approx(8000 * 1024 / MIB, rel=0.1)
