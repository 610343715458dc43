"""A judged run on the scripted engine, with what explains it beside it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from builders import raw
from lab.commands.app_runs.early_runs import Asks, FollowedVariant, judge_and_explain
from lab.engines.protocol import Engine
from lab.load.request_mix import UserApp
from lab.measure.context import RunContext
from lab.measure.progress import Board, PlainProgress
from lab.measure.slots import SlotPlan, Slots
from lab.records.variant import LoadShape, Variant
from lab.store.run_folder import RunFolder
from rich.console import Console
from support.script import Script
from support.scripted_engine import WAITS, ScriptedEngine

BASE = raw.variant("base")
FIRST, SECOND = (raw.variant(name, load=LoadShape(exact=True)) for name in ("first", "second"))
Explained = Callable[..., "tuple[RunFolder, list[str]]"]


def unexpected(what: str, error: Exception) -> None:
    raise AssertionError(what) from error


def context_of(
    engine: Engine, folder: RunFolder, finished: Sequence[str], user_apps: Mapping[str, UserApp]
) -> RunContext:
    return RunContext(
        engine,
        raw.settings(REQUESTS="80", CONCURRENCY="4"),
        Slots(SlotPlan(slots=4, load_slots=2, budget_bytes=1 << 30)),
        folder,
        PlainProgress(Board({BASE.name: 80}), Console(quiet=True)),
        WAITS,
        judged=BASE.name,
        finished=frozenset((name, 1) for name in finished),
        user_apps=user_apps,
    )


def explained_in(folder: RunFolder) -> Explained:
    """What runs a trial of `base` there, and what the asks of the test begin beside it."""

    def run(
        early: Sequence[Variant],
        wanted: Sequence[Variant],
        after_first: Variant | Exception | None = None,
        finished: Sequence[str] = (),
        user_apps: Mapping[str, UserApp] | None = None,
        **asked: Any,
    ) -> tuple[RunFolder, list[str]]:
        def after(ended: Variant) -> FollowedVariant | None:
            if ended is FIRST and isinstance(after_first, Exception):
                raise after_first
            return FollowedVariant(after_first, {}) if after_first and ended is FIRST else None

        for name in finished:
            folder.trial_writer(name, 1).close()
        defaults: dict[str, Any] = {"failed": unexpected, "after": after, **asked}
        defaults = {"so_far": lambda _: early, "at_end": lambda: wanted, **defaults}
        asks = Asks(**{"requests_of": lambda _: 80, **defaults})
        scripts = {name: Script() for name in ("base", "first", "second")}
        with ScriptedEngine(scripts, 0.002) as engine:
            context = context_of(engine, folder, finished, user_apps or {})
            asyncio.run(judge_and_explain(context, BASE, asks))
            assert engine.running == {}
            return folder, list(engine.started)

    return run
