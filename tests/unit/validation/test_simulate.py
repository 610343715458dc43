"""The seed alone says which trials are drawn."""

from lab.validation.shapes import NO_LEAKS
from lab.validation.simulate import cases


def test_the_same_seed_draws_the_same_trials() -> None:
    first, second = (cases(NO_LEAKS, {}, 1, seed=4)["steps"][0] for _ in range(2))
    other = cases(NO_LEAKS, {}, 1, seed=5)["steps"][0]
    assert first.troughs(8) == second.troughs(8)
    assert first.troughs(8) != other.troughs(8)
