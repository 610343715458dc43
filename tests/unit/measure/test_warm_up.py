"""The pace of a user app, by its warm-up: slow requests count, a hiccup of the machine does not."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from builders import raw
from lab.load.block import BlockPlan
from lab.measure import warm_up
from lab.measure.trial_context import TrialEnded
from lab.records.observations import Block

CLIENTS = 8


async def check_alive() -> None:
    return None


def paced(
    monkeypatch: pytest.MonkeyPatch,
    requests: int,
    seconds: Sequence[float],
    middle: float = 0.002,
    **trial: Any,
) -> tuple[float | None, list[int]]:
    """The pace of a warm-up, and the sizes of what was sent.

    Args:
        seconds: that each block takes.
        middle: the median of their latencies.
        trial: whether its load may be extended, or what fails of a block.
    """
    sizes: list[int] = []
    served = trial.pop("served", True)
    failures = trial.pop("failures", {})

    async def run_block(_: Any, plan: BlockPlan) -> Block:
        sizes.append(plan.requests)
        ok = plan.requests * served
        return raw.block(
            -1,
            plan.requests,
            ok,
            started_at_seconds=0.0,
            ended_at_seconds=seconds[len(sizes) - 1],
            latency_seconds={"p50": middle},
            failures=failures if served else {"timeout": plan.requests},
        )

    monkeypatch.setattr(warm_up, "run_block", run_block)
    context: Any = SimpleNamespace(
        plan=SimpleNamespace(concurrency=CLIENTS, connection=None, **{"may_extend": True, **trial}),
        check_alive=check_alive,
    )
    target: Any = SimpleNamespace(session=None)
    return asyncio.run(warm_up.warm_up_user_app(context, target, requests)), sizes


def test_an_even_apps_pace_is_that_of_its_requests_after_the_first_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pace, sizes = paced(monkeypatch, 50, [3.0, 0.084], middle=0.016)

    assert pace == pytest.approx(0.002)
    assert sizes == [8, 42]


def test_a_tenth_of_slow_requests_makes_an_app_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nine of ten take 2 ms, the tenth 2 s: their median is that of a fast app."""
    pace, sizes = paced(monkeypatch, 50, [2.0, 2.1, 2.3])

    assert pace == pytest.approx(2.1 / 42)
    assert sizes == [8, 42, 42]


def test_a_hiccup_of_the_machine_is_not_seen_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    pace, _ = paced(monkeypatch, 50, [0.1, 2.1, 0.042])

    assert pace == pytest.approx(0.001)


def test_what_failed_slowly_is_not_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """An app that goes bad after its first answers is judged by its load, not by its warm-up."""
    _, sizes = paced(monkeypatch, 50, [0.1, 2.1], failures={"timeout": 30})

    assert sizes == [8, 42]


def test_runs_that_are_compared_have_equal_warm_ups(monkeypatch: pytest.MonkeyPatch) -> None:
    _, sizes = paced(monkeypatch, 50, [0.1, 2.1], may_extend=False)

    assert sizes == [8, 42]


def test_a_slow_apps_warm_up_is_shorter(monkeypatch: pytest.MonkeyPatch) -> None:
    pace, sizes = paced(monkeypatch, 3600, [8.0, 20.0], middle=8.0)

    assert sizes == [8, 20]
    assert pace == pytest.approx(1.0)


@pytest.mark.parametrize(("requests", "pace"), [(0, None), (4, 0.25), (8, 0.125)])
def test_a_warm_up_of_a_request_each_is_all_there_is(
    monkeypatch: pytest.MonkeyPatch, requests: int, pace: float | None
) -> None:
    assert paced(monkeypatch, requests, [1.0]) == (pace, [requests] * (requests > 0))


def test_a_warm_up_that_is_not_served_ends_the_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TrialEnded, match="none of 8 requests of the warm-up"):
        paced(monkeypatch, 50, [1.0], served=False)
