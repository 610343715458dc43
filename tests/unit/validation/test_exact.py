"""The exact count of live memory that a drawn trial has."""

from lab.validation.exact import LIVE_FAMILIES, exact_cases
from lab.validation.held_out import HELD_OUT_NO_LEAKS, HELD_OUT_UNDER_LEAKS
from lab.validation.shapes import NO_LEAKS, UNDER_LEAKS


def test_the_exact_count_follows_what_is_live_and_most_leaks() -> None:
    drawn = exact_cases(4, seed=2)

    assert list(drawn) == [*NO_LEAKS, *HELD_OUT_NO_LEAKS, *UNDER_LEAKS, *HELD_OUT_UNDER_LEAKS]
    assert drawn.keys() >= LIVE_FAMILIES
    for case in (*drawn["level"], *drawn["pool, late threads"]):
        assert case.live_mib is not None
        assert case.shape_mib is not None
        rise = case.live_mib[-1] - case.live_mib[0]
        assert abs(rise) < 1
    (lost,) = {case.lost_mib is not None for case in drawn["leak alone"]}
    assert lost
