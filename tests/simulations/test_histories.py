"""The search over made-up histories with known answers: how often it is wrong, what it costs."""

from functools import cache
from math import ceil, log2

import pytest
from builders.histories import KINDS, Found, History, drawn, search
from support.documents import PAGES

EACH = 200
MOST_WRONG = 10
"""The most wrong answers in 1,400 histories."""
WITH_HOLES = ("holes", "old sources", "old api")
MOST_WIDE = 2
"""The most of 200 histories with holes in which a point that could be run was passed over, as those
beside it failed."""
MOST_MORE, MOST_MORE_MEAN = 7, 0.5
"""Points that holes cost on top of a binary search."""
MOST_LONGER = 55
"""The most of 200 histories with holes that take any more points."""


@cache
def searched(kind: str, seed: int) -> tuple[History, Found]:
    """A history, and what its search said."""
    history = drawn(kind, seed)
    return history, search(history)


def points_more(kind: str) -> list[int]:
    """Points of each history beyond those of a binary search, where there are any."""
    found = [searched(kind, seed) for seed in range(EACH)]
    more = [search.points - ceil(log2(history.points)) - 2 for history, search in found]
    return sorted(each for each in more if each > 0)


def test_the_page_says_what_came_out() -> None:
    page = " ".join(PAGES["bisect"].split())
    wrong = [
        kind
        for kind in KINDS
        for history, found in (searched(kind, seed) for seed in range(EACH))
        if found.is_decided and not found.is_right(history)
    ]
    holes, sources, old_api = map(points_more, WITH_HOLES)

    assert f"{EACH * len(KINDS):,} made-up histories" in page
    assert f"Wrong: {len(wrong)}, all among the noisy." in page
    assert set(wrong) == {"noisy"}
    assert (
        f"{len(holes)} of {EACH} histories with holes took more, one to four and one of them"
        in page
    )
    assert (holes[0], *holes[-2:]) == (1, 4, 7)
    assert f"with old releases that build {len(sources)} of {EACH}, one to five;" in page
    assert (sources[0], sources[-1]) == (1, 5)
    assert f"that do not start {len(old_api)} of {EACH}, one to four." in page
    assert (old_api[0], old_api[-1]) == (1, 4)


def test_wrong_answers_are_rare_over_more_than_a_thousand_histories() -> None:
    wrong, open_, wide = [], [], []
    for kind in KINDS:
        for seed in range(EACH):
            history, found = searched(kind, seed)
            if not found.is_decided:
                open_.append((kind, seed))
            elif not found.is_right(history):
                wrong.append((kind, seed))
            elif not found.is_narrow(history):
                wide.append((kind, seed))
    assert len(wrong) <= MOST_WRONG, wrong
    assert {kind for kind, _ in open_} <= {"noisy"}, open_
    assert len(open_) <= 2 * MOST_WRONG, open_
    for kind in KINDS:
        of_kind = [each for each in wide if each[0] == kind]
        assert len(of_kind) <= (MOST_WIDE if kind in WITH_HOLES else 0), of_kind


def test_a_clean_history_takes_no_more_points_than_a_binary_search() -> None:
    for kind in ("clean", "two culprits"):
        for seed in range(EACH):
            history, found = searched(kind, seed)
            assert found.points <= ceil(log2(history.points)) + 2, (kind, seed)


@pytest.mark.parametrize("kind", WITH_HOLES)
def test_holes_cost_few_points_more(kind: str) -> None:
    more = []
    for seed in range(EACH):
        history, found = searched(kind, seed)
        more.append(max(found.points - ceil(log2(history.points)) - 2, 0))

    assert max(more) <= MOST_MORE
    assert sum(more) / EACH <= MOST_MORE_MEAN
    assert sum(map(bool, more)) <= MOST_LONGER


def test_points_that_cannot_be_measured_leave_an_honest_bracket() -> None:
    history = History(20, (11,), unknown=frozenset({9, 10, 11, 12}))

    match = search(history)

    assert (match.good, match.bad) == (8, 13)
    assert match.is_decided


def test_an_oldest_end_that_cannot_be_measured_is_searched_past() -> None:
    history = History(40, (23,), unknown=frozenset(range(12)))

    match = search(history)

    assert (match.good, match.bad) == (22, 23)


@pytest.mark.parametrize("change", [30, 99, 100])
def test_releases_before_what_the_app_uses_came_are_not_tried_one_by_one(change: int) -> None:
    """Where the leak is older than they are: 68 points were tried, for nothing."""
    history = History(120, (change,), unknown=frozenset(range(100)))

    match = search(history)

    assert (match.good, match.bad) == (None, 100)
    assert match.is_decided
    assert match.points <= ceil(log2(120)) + 2 + 4


def test_an_edge_that_was_never_run_is_run_before_it_is_told() -> None:
    """The gap before it was so wide that it alone made the answer likely enough."""
    history = History(108, (106,), unknown=frozenset(range(106)))

    match = search(history)

    assert (match.good, match.bad) == (None, 106)


def test_one_wrong_run_is_found_out() -> None:
    history = History(64, (20,))
    lies = {32}

    def leaks(index: int) -> bool:
        wrong = index in lies
        lies.discard(index)
        return (index >= 20) != wrong

    history.leaks = leaks  # type: ignore[method-assign]

    match = search(history)

    assert (match.good, match.bad) == (19, 20)


def test_side_by_side_the_answer_is_the_same() -> None:
    for seed in range(20):
        alone, together = search(drawn("clean", seed)), search(drawn("clean", seed), 3)
        assert (alone.good, alone.bad) == (together.good, together.bad), seed
