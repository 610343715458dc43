"""Trials on the scripted engine."""

from dataclasses import replace
from pathlib import Path

import uvloop
from builders import raw
from lab.engines.protocol import Engine
from lab.measure.context import RunContext
from lab.measure.cooldown_rules import Waits
from lab.measure.scheduler import run_all
from lab.measure.slots import SlotPlan, Slots
from lab.records.trial import Trial
from lab.records.variant import Variant
from lab.store.run_folder import RunFolder
from support.scripted_engine import WAITS as SCRIPTED_WAITS

WAITS = replace(SCRIPTED_WAITS, ready_seconds=0.3)
ONE = raw.variant("one")


class Hearing:
    """A RunProgress that remembers."""

    def __init__(self) -> None:
        self.states: list[tuple[str, str]] = []
        self.done: dict[str, int] = {}
        self.notes: list[tuple[str, str | None]] = []

    def update(
        self,
        name: str,
        *,
        state: str | None = None,
        done: int | None = None,
        memory_bytes: int | None = None,
        total: int | None = None,
    ) -> None:
        if state is not None:
            self.states.append((name, state))
        if done is not None:
            self.done[name] = done

    def expect(self, name: str, total: int) -> None:
        self.done[name] = 0

    def warn(self, text: str) -> None:
        self.tell(text)

    def tell(self, text: str) -> None:
        self.notes.append(("", text))

    def finished(self, name: str, note: str | None) -> None:
        self.notes.append((name, note))


def context_of(
    engine: Engine, tmp_path: Path, waits: Waits = WAITS, slots: int = 2, **given: str
) -> RunContext:
    settings = raw.settings(**{"REQUESTS": "80", "CONCURRENCY": "4", **given})
    run_slots = Slots(SlotPlan(slots=4, load_slots=slots, budget_bytes=1 << 30))
    folder = RunFolder.create(tmp_path, "run")
    return RunContext(engine, settings, run_slots, folder, Hearing(), waits)


def conducted(context: RunContext, *variants: Variant) -> dict[str, list[Trial]]:
    uvloop.run(run_all(context, variants))
    return context.folder.read_trials()


def trial_of(context: RunContext, variant: Variant = ONE) -> Trial:
    (trial,) = conducted(context, variant)[variant.name]
    return trial
