"""Points that a search does not try."""

import pytest
from lab.bisect.posterior import SearchEvidence
from lab.bisect.search import MOST_PASSED_OVER, passed_over

BAD, GOOD = (1.0,), (0.0,)


@pytest.mark.parametrize(
    ("measured", "costly", "left_out"),
    [
        ({0: GOOD, 9: BAD}, {1, 2, 3, 4}, {1, 2, 3, 4}),
        ({0: GOOD, 9: BAD}, {6, 7, 8}, {6, 7, 8}),
        ({0: GOOD, 9: BAD}, {1, 2, 3}, set()),
        ({0: GOOD, 9: BAD}, set(), set()),
        ({0: GOOD, 9: BAD}, {0, 1, 2, 3, 4}, set()),
        ({9: BAD}, {0, 1, 2, 3, 4}, set()),
    ],
    ids=[
        "a row that must be built",
        "behind it",
        "one of them has a wheel",
        "all have wheels",
        "what had to be built was measured",
        "nothing was measured on its other side",
    ],
)
def test_what_must_be_built_beside_one_that_failed(
    measured: dict[int, tuple[float, ...]], costly: set[int], left_out: set[int]
) -> None:
    evidence = SearchEvidence(10, measured, unknown=frozenset({5}), costly=frozenset(costly))

    assert passed_over(evidence) == left_out


def test_a_longer_row_is_tried() -> None:
    last = MOST_PASSED_OVER + 2
    evidence = SearchEvidence(
        last + 2,
        {0: GOOD, last + 1: BAD},
        unknown=frozenset({last}),
        costly=frozenset(range(1, last)),
    )

    assert passed_over(evidence) == set()
