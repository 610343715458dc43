"""Runs that explain, begun beside the app as it is: which are kept, dropped, or never begun."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from builders import raw
from lab.commands.app_runs.early_runs import (
    Asks,
    EarlyRuns,
    FollowedVariant,
    judge_and_explain,
    standing_line,
)
from lab.measure.context import RunContext
from lab.measure.progress import Board, PlainProgress
from lab.measure.slots import SlotPlan, Slots
from lab.records.trial import Trial
from lab.records.variant import LoadShape, Variant
from lab.store.run_folder import RunFolder
from rich.console import Console
from support.script import Script
from support.scripted_engine import WAITS, ScriptedEngine

BASE = raw.variant("base")
FIRST, SECOND = (raw.variant(name, load=LoadShape(exact=True)) for name in ("first", "second"))
Explained = Callable[..., "tuple[RunFolder, list[str]]"]


@pytest.fixture
def explained(tmp_path: Path) -> Explained:
    def run(
        so_far: Sequence[Variant],
        at_end: Sequence[Variant],
        after_first: Variant | None = None,
        finished: Sequence[str] = (),
    ) -> tuple[RunFolder, list[str]]:
        totals = {BASE.name: 80}
        progress = PlainProgress(Board(totals), Console(quiet=True))
        scripts = {name: Script() for name in ("base", "first", "second")}
        folder = RunFolder.create(tmp_path, "run")
        with ScriptedEngine(scripts, 0.002) as engine:
            context = RunContext(
                engine,
                raw.settings(REQUESTS="80", CONCURRENCY="4"),
                Slots(SlotPlan(slots=4, load_slots=2, budget_bytes=1 << 30)),
                folder,
                progress,
                WAITS,
                judged=BASE.name,
                finished=frozenset((name, 1) for name in finished),
            )
            for name in finished:
                folder.trial_writer(name, 1).close()

            def after(ended: Variant) -> FollowedVariant | None:
                return FollowedVariant(after_first, {}) if after_first and ended is FIRST else None

            asks = Asks(lambda _: so_far, lambda: at_end, lambda _: 80, after)
            asyncio.run(judge_and_explain(context, BASE, asks))
            assert engine.running == {}
            return folder, list(engine.started)

    return run


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


def test_what_a_run_that_explains_asks_for_follows_it_and_is_waited_for(
    explained: Explained,
) -> None:
    folder, _ = explained([], [FIRST], SECOND)

    trials = folder.read_trials()
    assert set(ends_of(trials)) == {"base", "first", "second"}
    assert set(ends_of(trials).values()) == {"complete"}
    assert trials["first"][0].end is not None
    assert trials["first"][0].end.at_seconds < trials["second"][0].start.at_seconds


@pytest.mark.parametrize(("seconds", "given_up"), [(0, []), (60, ["installing"])])
def test_only_an_interrupted_run_gives_up_what_is_being_prepared(
    seconds: float, given_up: list[str]
) -> None:
    ended: list[str] = []
    asks = Asks(lambda _: [], lambda: [], lambda _: 80, give_up=lambda: ended.append("installing"))
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
