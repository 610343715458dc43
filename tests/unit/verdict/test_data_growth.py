"""Answers that grow with the load: the app's own data."""

from collections.abc import Sequence

import pytest
from builders import raw
from lab.records.observations import Block, KindCounts
from lab.verdict.data_growth import data_growth


def blocks(sizes: Sequence[float], outcomes: int = 10) -> list[Block]:
    counts = [KindCounts({"200": outcomes}, 0, int(size * outcomes)) for size in sizes]
    return [raw.block(at, kinds={"GET /posts": each}) for at, each in enumerate(counts)]


def test_a_page_that_lists_what_the_load_made_is_told_with_its_sizes() -> None:
    grown = data_growth(blocks([2048 + 10_240 * at for at in range(8)]))
    assert grown is not None
    assert grown.sentence.startswith(
        "The app's data grew with the load: an answer to GET /posts grew from 2.0 KiB to 72.0 KiB"
    )


@pytest.mark.parametrize(
    "sizes",
    [
        [2048] * 8,
        [2048 + at for at in range(8)],
        [9000, 100, 9000, 100, 9000, 100, 9000, 20_000],
        [],
    ],
)
def test_answers_that_vary_are_no_growth(sizes: list[float]) -> None:
    assert data_growth(blocks(sizes)) is None


def test_the_kind_that_grew_most_is_named() -> None:
    both = [
        raw.block(
            at,
            kinds={
                "GET /a": KindCounts({"200": 1}, 0, 4000 + 2000 * at),
                "GET /b": KindCounts({"200": 1, "500": 1}, 1, 4000 + 9000 * at),
            },
        )
        for at in range(8)
    ]
    grown = data_growth(both)
    assert grown is not None
    assert grown.kind == "GET /b"
