"""Each explanation is found in what was made by it."""

import numpy as np
import pytest
from lab.verdict.growth_models import (
    TIME_CONSTANTS,
    Array,
    ModelKind,
    TroughCurve,
    fitted_models,
    full_shapes,
    level_costs,
    score,
    starts,
    stretch_shares,
    whitened,
)

SHARES = tuple(float(share) for share in np.round(np.linspace(0, 1, 25), 3))
DONE = np.asarray(SHARES)

MADE_BY = {
    ModelKind.STEPS: 4.0 * (DONE > 0.3) + 6.0 * (DONE > 0.7),
    ModelKind.FULL: 20 * np.minimum(DONE, 0.6),
    ModelKind.DYING: 20 * (1 - np.exp(-DONE / TIME_CONSTANTS[12])),
    ModelKind.CONSTANT: 5 * DONE,
    ModelKind.BOTH: 20 * (1 - np.exp(-DONE / TIME_CONSTANTS[8])) + 10 * DONE,
}


def curve(heights: Array, noise: float = 0.05, seed: int = 1) -> TroughCurve:
    random = np.random.default_rng(seed)
    return TroughCurve(SHARES, heights + random.normal(0, noise, len(heights)), 0.02)


def best(found: TroughCurve) -> ModelKind:
    return min(fitted_models(found).values(), key=lambda one: one.score).kind


@pytest.mark.parametrize("kind", MADE_BY)
def test_what_was_made_by_one_is_best_explained_by_it(kind: ModelKind) -> None:
    assert {best(curve(MADE_BY[kind], seed=seed)) for seed in range(5)} == {kind}


@pytest.mark.parametrize("seed", range(10))
def test_noise_around_a_level_is_no_leak(seed: int) -> None:
    assert not best(curve(np.zeros(25), seed=seed)).leaks


def test_other_laws_of_dying_growth_are_no_leak() -> None:
    for law in (DONE / (DONE + 0.1), np.log1p(DONE / 0.1), 1 - np.exp(-np.sqrt(DONE / 0.1))):
        assert not best(curve(20 * law)).leaks


def test_a_filling_start_is_left_unexplained_at_a_price() -> None:
    pool = np.minimum(DONE / 0.15, 1) * 300 + 5 * DONE
    models = fitted_models(curve(pool))
    assert models[ModelKind.CONSTANT].start >= 4
    assert fitted_models(curve(5 * DONE))[ModelKind.CONSTANT].start == 0


@pytest.mark.parametrize(("memory", "least", "most"), [(0.0, 0.0, 0.3), (0.9, 0.6, 0.97)])
def test_noise_that_remembers_is_told_from_noise_that_does_not(
    memory: float, least: float, most: float
) -> None:
    shares = tuple(float(share) for share in np.round(np.linspace(0, 1, 49), 3))
    for seed in range(5):
        random, heights = np.random.default_rng(seed), np.zeros(49)
        for point in range(1, 49):
            heights[point] = memory * heights[point - 1] + random.normal(0, 0.3)
        models = fitted_models(TroughCurve(shares, heights, 0.02))
        assert least <= models[ModelKind.CONSTANT].correlation <= most


def test_at_most_half_of_the_load_stays_unexplained() -> None:
    assert starts(9) == (0, 1, 2, 3)
    assert max(starts(25)) == 12
    assert starts(5) == ()


def test_a_stretch_runs_from_its_start_to_its_end() -> None:
    assert stretch_shares((0.0, 0.5, 0.75, 1.0), 1) == pytest.approx([0, 0.5, 1])


def test_what_is_full_is_level_for_an_eighth_of_the_stretch() -> None:
    assert full_shapes(DONE)[-1].max() <= 0.88
    assert full_shapes(np.linspace(0, 1, 6))[-1].max() == pytest.approx(0.6)


def test_whitening_takes_out_what_is_remembered() -> None:
    values = 0.5 ** np.arange(5)
    assert whitened(values, 0.5)[1:] == pytest.approx([0, 0, 0, 0])


def test_parameters_cost_and_cannot_be_as_many_as_points() -> None:
    assert score(1.0, 9, 2) < score(1.0, 9, 3)
    assert score(1.0, 9, 8) == float("inf")


def test_the_squares_around_a_level() -> None:
    costs = level_costs(np.array([1.0, 3.0, 3.0]))
    assert (costs[0, 2], costs[1, 3]) == (pytest.approx(2.0), pytest.approx(0.0))
    assert costs[1, 1] == np.inf
