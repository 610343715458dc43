"""What is answered alone is asked for several at once before it is measured."""

import threading

import pytest
from lab.app.guess.asking import Answer, TriedRequests
from lab.app.guess.concurrent_asking import MOST_REQUESTS_ASKED, ask_together, loads_of, rounds
from lab.app.guess.guess_records import GuessedRequest

A, B = (GuessedRequest({"path": path}, "a route") for path in ("/a", "/b"))


def test_what_is_limited_is_left_out_and_the_rest_is_kept() -> None:
    served, guard = set[str](), threading.Lock()

    def ask(request: GuessedRequest, number: int) -> Answer:
        with guard:
            first = request.path not in served
            served.add(request.path)
        return Answer(200 if first or request is A else 429)

    asked = TriedRequests([A, B])
    ask_together(asked, ask)
    assert asked.kept == [A]
    assert [(r.path, a.status) for r, a in asked.refused_together] == [("/b", 429)]
    assert list(loads_of(asked)) == []


@pytest.mark.parametrize(
    ("came", "alone"), [(Answer(None, fault="timed out"), True), (Answer(429), False)]
)
def test_where_nothing_is_left_by_the_apps_fault_one_is_asked_for_at_a_time(
    came: Answer, alone: bool
) -> None:
    asked = TriedRequests([A, B])
    ask_together(asked, lambda request, number: came)
    assert asked.kept == [A, B]
    assert asked.one_at_a_time is alone
    assert [(each.key, each.value) for each in loads_of(asked)] == [("concurrency", 1)] * alone


def test_an_app_is_asked_as_often_as_it_is_fast_and_each_time_by_another_number() -> None:
    numbers = list[int]()
    ask_together(TriedRequests([A]), lambda r, n: numbers.append(n) or Answer(200))  # type: ignore[func-returns-value]
    assert sorted(numbers) == list(range(2, MOST_REQUESTS_ASKED + 2))
    assert [rounds(1, 0.2), rounds(5, 0.2), rounds(1, 3.0)] == [20, 4, 2]


def test_an_expected_refusal_and_an_answer_without_end_are_no_faults() -> None:
    refused = GuessedRequest({"path": "/", "expect": [401]}, "a route")
    endless = GuessedRequest({"path": "/", "read_seconds": 0.2}, "a stream")
    asked = TriedRequests([refused, endless])
    ask_together(asked, lambda request, number: Answer(401))
    assert asked.kept == [refused, endless]
