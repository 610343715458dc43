"""Runs that explain, begun beside the app as it is: which are kept, dropped, or never begun."""

import asyncio
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from builders import raw
from lab.clock import now_seconds
from lab.commands.app_runs.early_runs import (
    Asks,
    EarlyRuns,
    FollowedVariant,
    standing_line,
)
from lab.errors import WriteError
from lab.load.block import run_block
from lab.load.request import Request
from lab.load.request_mix import UserApp, WeightedRequest
from lab.measure import warm_up
from lab.measure.budget import Budget
from lab.measure.context import RunContext
from lab.records.observations import Block
from lab.records.trial import Trial
from lab.records.variant import Variant
from lab.store.run_folder import RunFolder
from support.explained_runs import BASE, FIRST, SECOND, Explained, explained_in, unexpected


@pytest.fixture
def explained(tmp_path: Path) -> Explained:
    return explained_in(RunFolder.create(tmp_path, "run"))


def ends_of(trials: dict[str, list[Trial]]) -> dict[str, Any]:
    return {
        name: of_variant[-1].end.kind.value
        for name, of_variant in trials.items()
        if of_variant[-1].end
    }


def test_what_the_verdict_asks_for_is_kept_and_the_rest_begun(explained: Explained) -> None:
    folder, started = explained([FIRST], [FIRST, SECOND])

    assert sorted(started) == ["base", "first", "second"]
    trials = folder.read_trials()
    assert set(ends_of(trials).values()) == {"complete"}
    (base,), (first,), (second,) = trials["base"], trials["first"], trials["second"]
    assert base.end is not None
    assert first.start.at_seconds < base.end.at_seconds < second.start.at_seconds


def test_what_an_earlier_sitting_finished_is_not_run_again(explained: Explained) -> None:
    folder, started = explained([FIRST], [FIRST, SECOND], finished=["first"])

    assert sorted(started) == ["base", "second"]
    assert [path.name for path in (folder.path / "samples" / "first").iterdir()] == ["1.jsonl"]


def test_what_follows_a_trial_of_an_earlier_sitting_is_begun(explained: Explained) -> None:
    _, started = explained([FIRST], [FIRST, SECOND], SECOND, finished=["first"])

    assert sorted(started) == ["base", "second"]


def test_what_it_does_not_ask_for_is_dropped(explained: Explained) -> None:
    folder, started = explained([FIRST], [])

    assert started[0] == "base"
    assert ends_of(folder.read_trials()) == {"base": "complete"}


def test_the_judged_variant_loads_alone(explained: Explained) -> None:
    folder, _ = explained([FIRST, SECOND], [FIRST, SECOND])
    trials = folder.read_trials()
    spans = [
        (block.started_at_seconds, block.ended_at_seconds)
        for name in ("first", "second")
        for block in trials[name][0].blocks
    ]

    assert spans
    assert trials["base"][0].blocks
    for block in trials["base"][0].blocks:
        began, ended = block.started_at_seconds, block.ended_at_seconds
        assert not any(start < ended and end > began for start, end in spans)


def test_no_warm_up_of_what_explains_runs_beside_a_judged_block(
    explained: Explained, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be thousands of requests of the app's own."""
    spans: list[tuple[float, float]] = []

    async def timed(*given: Any) -> Block:
        began = now_seconds()
        await asyncio.sleep(0.03)
        block = await run_block(*given)
        spans.append((began, now_seconds()))
        return block

    monkeypatch.setattr(warm_up, "run_block", timed)
    app = UserApp((WeightedRequest(Request(BASE.path)),), health=BASE.path, warm_up=40)
    folder, _ = explained(
        [FIRST, SECOND], [FIRST, SECOND], user_apps=dict.fromkeys(("first", "second"), app)
    )

    assert len(spans) >= 5
    blocks = folder.read_trials()["base"][0].blocks
    assert len(blocks) >= 8
    for block in blocks:
        began, ended = block.started_at_seconds, block.ended_at_seconds
        assert not any(start < ended and end > began for start, end in spans)


def test_what_a_run_that_explains_asks_for_follows_it_and_is_waited_for(
    explained: Explained,
) -> None:
    folder, _ = explained([], [FIRST], SECOND)

    trials = folder.read_trials()
    assert set(ends_of(trials)) == {"base", "first", "second"}
    assert set(ends_of(trials).values()) == {"complete"}
    assert trials["first"][0].end is not None
    assert trials["first"][0].end.at_seconds < trials["second"][0].start.at_seconds


@pytest.mark.parametrize("begun_early", [True, False])
@pytest.mark.parametrize("error", [WriteError("no space left"), ValueError("of the lab")])
def test_a_run_that_explains_and_fails_is_told_whenever_it_did(
    explained: Explained, begun_early: bool, error: Exception
) -> None:
    told: list[tuple[str, Exception]] = []
    early = [FIRST] if begun_early else []
    folder, _ = explained(
        early, [FIRST, SECOND], error, failed=lambda what, why: told.append((what, why))
    )

    assert told == [("the choice of another release", error)]
    assert ends_of(folder.read_trials()) == dict.fromkeys(("base", "first", "second"), "complete")


def test_a_look_that_fails_ends_neither_the_judged_trial_nor_silently(
    explained: Explained,
) -> None:
    told: list[Exception] = []
    fault = ZeroDivisionError("of the lab")

    def so_far(_: Trial) -> Sequence[Variant]:
        raise fault

    folder, _ = explained([], [], so_far=so_far, failed=lambda _, why: told.append(why))

    assert set(told) == {fault}
    assert ends_of(folder.read_trials()) == {"base": "complete"}


def test_what_the_verdict_asks_for_begins_before_the_answer_on_what_followed(
    explained: Explained,
) -> None:
    """That answer may wait for an install."""
    may_answer = threading.Event()

    def after(ended: Variant) -> FollowedVariant | None:
        if ended is SECOND:
            may_answer.set()
        return None

    def followers() -> Sequence[Variant]:
        assert may_answer.wait(10)
        return []

    folder, _ = explained([], [FIRST, SECOND], after=after, followers=followers)

    assert set(ends_of(folder.read_trials()).values()) == {"complete"}


def test_a_verdict_that_asks_for_nothing_does_not_ask_what_followed(explained: Explained) -> None:
    asked: list[bool] = []
    folder, _ = explained([FIRST], [], SECOND, followers=lambda: asked.append(True) or [])

    assert asked == []
    assert ends_of(folder.read_trials()) == {"base": "complete"}


@pytest.mark.parametrize("is_kept", [True, False])
def test_what_followed_early_is_kept_where_the_verdict_asks_for_it(
    explained: Explained, is_kept: bool
) -> None:
    begun = threading.Event()

    def after(ended: Variant) -> FollowedVariant | None:
        return FollowedVariant(SECOND, {}) if ended is FIRST else None

    def requests_of(variant: Variant) -> int:
        if variant is SECOND:
            begun.set()
        return 80

    def at_end() -> Sequence[Variant]:
        assert begun.wait(10)
        return [FIRST]

    folder, _ = explained(
        [FIRST],
        [],
        finished=["first"],
        at_end=at_end,
        after=after,
        followers=lambda: [SECOND] if is_kept else [],
        requests_of=requests_of,
    )

    assert ("second" in ends_of(folder.read_trials())) == is_kept


def test_an_answer_on_what_followed_that_fails_is_told(explained: Explained) -> None:
    told: list[str] = []

    def followers() -> Sequence[Variant]:
        raise OSError("no space left")

    folder, _ = explained(
        [FIRST], [FIRST], followers=followers, failed=lambda what, _: told.append(what)
    )

    assert told == ["the choice of another release"]
    assert set(ends_of(folder.read_trials())) == {"base", "first"}


@pytest.mark.parametrize(("seconds", "given_up"), [(0, []), (60, ["installing"])])
def test_only_an_interrupted_run_gives_up_what_is_being_prepared(
    seconds: float, given_up: list[str]
) -> None:
    ended: list[str] = []
    asks = Asks(
        lambda _: [],
        lambda: [],
        lambda _: 80,
        unexpected,
        give_up=lambda: ended.append("installing"),
    )
    early = EarlyRuns(cast(RunContext, None), asks)

    async def interrupted() -> None:
        early.tasks["traced"] = asyncio.ensure_future(asyncio.sleep(seconds))
        await asyncio.sleep(0.01)
        await early.interrupt()

    asyncio.run(interrupted())

    assert ended == given_up


def test_the_time_that_is_left_is_told_as_the_most() -> None:
    """A run ends long before it, where its verdict is clear."""
    context = cast(RunContext, SimpleNamespace(budget=SimpleNamespace(left_seconds=lambda: 889.0)))

    assert standing_line(context, raw.trial()).endswith("; at most 14 min 49 s left")
    assert "left" not in standing_line(cast(RunContext, SimpleNamespace(budget=None)), raw.trial())


def test_what_becomes_known_after_the_verdict_is_dropped_where_that_does_not_ask_for_it(
    explained: Explained,
) -> None:
    """An install may end while the verdict's answer on it is on its way."""
    asked = threading.Event()

    def after(ended: Variant) -> FollowedVariant | None:
        if ended is not FIRST:
            return None
        assert asked.wait(10)
        return FollowedVariant(SECOND, {})

    def followers() -> Sequence[Variant]:
        asked.set()
        time.sleep(0.3)
        return []

    folder, _ = explained([], [FIRST], after=after, followers=followers, finished=["first"])

    assert "second" not in ends_of(folder.read_trials())


def test_what_follows_late_has_a_time_of_its_own() -> None:
    budget = Budget(180.0, time.monotonic() - 170.0)
    progress = SimpleNamespace(expect=lambda *_: None)
    context: Any = RunContext(*[cast(Any, None)] * 4, progress, budget=budget)  # type: ignore[arg-type]
    asks = Asks(lambda _: [], lambda: [], lambda _: 80, unexpected)
    early = EarlyRuns(context, asks, tasks={SECOND.name: cast(Any, None)})
    early.follow(FollowedVariant(SECOND, {}))

    assert early.context.budget is not None
    assert early.context.budget.left_seconds() > 170
