"""What ends badly costs no other variant: it is written down and leaves nothing running."""

import asyncio
import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from builders import raw
from lab.errors import VariantError
from lab.measure.budget import Budget
from lab.measure.context import RunContext
from lab.measure.scheduler import run_all
from lab.records.trial import EndKind
from lab.records.variant import LoadShape, Variant
from support.script import Script
from support.scripted_engine import ScriptedEngine
from support.scripted_trials import ONE, WAITS, Hearing, conducted, context_of, trial_of

TWO = raw.variant("two")


def test_a_server_has_longer_to_start_on_a_busy_machine(engine_of: Any, tmp_path: Path) -> None:
    waits = replace(WAITS, ready_seconds=0.2, busy_factor=lambda: 3.0)
    began = time.monotonic()
    trial = trial_of(context_of(engine_of({"one": Script(never_ready=True)}), tmp_path, waits))

    assert time.monotonic() - began >= 0.6
    assert trial.end is not None
    assert trial.end.reason.startswith("it did not answer /health within 1 s")


@pytest.mark.parametrize(
    ("script", "kind", "words"),
    [
        (Script(dies_after_requests=25), EndKind.DIED, "its server ended as its script says"),
        (Script(dies_after_requests=0), EndKind.DIED, "its server ended as its script says"),
        (Script(never_ready=True), EndKind.NEVER_READY, "it did not answer /health within 0 s"),
        (Script(status=500), EndKind.NO_REQUESTS_SERVED, "of block 1 was served: status-500 x 10"),
        (Script(status=None), EndKind.NO_REQUESTS_SERVED, "of block 1 was served: reset x 10"),
        (Script(cannot_start="no such container"), EndKind.FAILED, "one: no such container"),
    ],
    ids=["dies", "dies-at-once", "never-ready", "only-500", "closes", "cannot-start"],
)
def test_a_bad_end_has_its_reason_and_log_and_the_others_go_on(
    engine_of: Any, tmp_path: Path, script: Script, kind: EndKind, words: str
) -> None:
    ended = Script(**{**{f: getattr(script, f) for f in script.__slots__}, "log": ("a", "b")})
    context = context_of(engine_of({"one": ended, "two": Script()}), tmp_path)
    trials = conducted(context, ONE, TWO)
    (bad,), (good,) = trials["one"], trials["two"]

    assert bad.end is not None
    assert bad.end.kind is kind
    assert words in bad.end.reason
    assert bad.end.log_tail == ("a", "b")
    assert good.end is not None
    assert good.end.kind is EndKind.COMPLETE


def test_a_line_of_its_log_of_any_length_leaves_the_raw_file_readable(
    engine_of: Callable[..., ScriptedEngine], tmp_path: Path
) -> None:
    engine = engine_of({"one": Script(status=500, log=("a", "b" * (6 << 20)))})
    (trial,) = conducted(context_of(engine, tmp_path), ONE)["one"]

    assert trial.end is not None
    assert [len(line) for line in trial.end.log_tail] == [1, 4000]


def test_a_death_keeps_what_was_measured_before(engine_of: Any, tmp_path: Path) -> None:
    context = context_of(engine_of({"one": Script(dies_after_requests=25)}), tmp_path)
    trial = trial_of(context)

    assert [block.ok for block in trial.blocks] == [10, 10, 5]
    assert [trough.index for trough in trial.troughs] == [-1, 0, 1]
    assert sum(trial.blocks[2].failures.values()) == 5


class Stubborn(ScriptedEngine):
    """Cannot stop anything."""

    def stop(self, variant: Variant) -> None:
        super().stop(variant)
        raise VariantError(f"{variant.name} cannot be stopped")


def test_a_variant_that_cannot_be_stopped_spoils_no_other_and_is_told(tmp_path: Path) -> None:
    with Stubborn({"one": Script(), "two": Script()}, 0.002) as engine:
        context = context_of(engine, tmp_path)
        trials = conducted(context, ONE, TWO)

    ends = [trial.end.kind for of_variant in trials.values() for trial in of_variant if trial.end]
    assert ends == [EndKind.COMPLETE, EndKind.COMPLETE]
    assert told(context) == ["one cannot be stopped", "two cannot be stopped"]


def told(context: RunContext) -> list[str | None]:
    assert isinstance(context.progress, Hearing)
    return sorted(str(note) for name, note in context.progress.notes if not name)


def test_what_cannot_be_stopped_is_told_of_an_interrupted_run_too(tmp_path: Path) -> None:
    with Stubborn({"one": Script()}, 0.002) as engine:
        context = context_of(engine, tmp_path, REQUESTS="20000")
        heard = context.progress
        assert isinstance(heard, Hearing)
        asyncio.run(cancelled_when(context, lambda: bool(heard.done), ONE))

    assert told(context) == ["one cannot be stopped"]


async def cancelled_when(
    context: RunContext, ready: Callable[[], bool], *variants: Variant
) -> None:
    work = asyncio.ensure_future(run_all(context, variants))
    while not ready():
        await asyncio.sleep(0.002)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work


def test_an_interruption_is_written_down_and_stops_the_engine(
    engine_of: Any, tmp_path: Path
) -> None:
    engine = engine_of({"one": Script(), "two": Script()})
    context = context_of(engine, tmp_path, REQUESTS="20000")
    heard = context.progress
    assert isinstance(heard, Hearing)
    asyncio.run(cancelled_when(context, lambda: len(heard.done) == 2, ONE, TWO))
    trials = context.folder.read_trials()

    assert [t.end.kind for (t,) in trials.values() if t.end] == [EndKind.INTERRUPTED] * 2
    assert sorted(engine.stopped) == ["one", "two"]
    assert engine.running == {}


class Slow(ScriptedEngine):
    """Takes its time to start."""

    def __init__(self, scripts: Mapping[str, Script]) -> None:
        super().__init__(scripts)
        self.starting = threading.Event()

    def start(self, variant: Variant) -> Any:
        self.starting.set()
        threading.Event().wait(0.1)
        return super().start(variant)


def test_an_interrupted_start_is_stopped_after_it_and_not_before(tmp_path: Path) -> None:
    with Slow({"one": Script()}) as engine:
        context = context_of(engine, tmp_path)
        asyncio.run(cancelled_when(context, engine.starting.is_set, ONE))

        assert engine.started == ["one"]
        assert engine.running == {}


def test_nothing_stands_behind_the_end(engine_of: Any, tmp_path: Path) -> None:
    context = context_of(engine_of({"one": Script()}, pace_seconds=0.001), tmp_path)
    conducted(context, ONE)
    lines = (context.folder.path / "samples/one/1.jsonl").read_text().splitlines()

    assert [line.startswith('{"record":"end"') for line in lines].index(True) == len(lines) - 1


def test_one_load_slot_means_one_block_at_a_time(engine_of: Any, tmp_path: Path) -> None:
    context = context_of(engine_of({"one": Script(), "two": Script()}), tmp_path, slots=1)
    trials = conducted(context, ONE, TWO)
    blocks = [block for (trial,) in trials.values() for block in trial.blocks]
    ordered = sorted(blocks, key=lambda block: block.started_at_seconds)

    assert len(ordered) == 16
    assert all(b.started_at_seconds >= a.ended_at_seconds for a, b in pairwise(ordered))


def test_the_progress_hears_of_every_state(engine_of: Any, tmp_path: Path) -> None:
    context = context_of(engine_of({"one": Script()}), tmp_path)
    conducted(context, ONE)
    heard = context.progress
    assert isinstance(heard, Hearing)

    states = [state for _, state in heard.states]
    assert states[:3] == ["starting", "warming up", "baseline"]
    assert states[3:-1] == ["waiting", "load", "cooldown"] * 8
    assert states[-1] == "done"
    assert heard.done == {"one": 80}


class Broken(ScriptedEngine):
    """Has a fault of its own."""

    def start(self, variant: Variant) -> Any:
        if variant.name == "two":
            raise ZeroDivisionError("a fault of the lab")
        return super().start(variant)


def test_a_fault_of_the_lab_is_raised_and_leaves_nothing_running(tmp_path: Path) -> None:
    with Broken({"one": Script(), "two": Script()}) as engine:
        with pytest.raises(ZeroDivisionError, match="a fault of the lab"):
            conducted(context_of(engine, tmp_path), ONE, TWO)

        assert engine.running == {}


def test_a_run_of_nothing_ends_at_once(engine_of: Any, tmp_path: Path) -> None:
    assert conducted(context_of(engine_of({}), tmp_path)) == {}


def test_the_prediction_is_written_down_before_any_load(engine_of: Any, tmp_path: Path) -> None:
    trial_of(context_of(engine_of({"one": Script()}), tmp_path))

    lines = (tmp_path / "run" / "samples" / "one" / "1.jsonl").read_text().splitlines()
    kinds = [json.loads(line)["record"] for line in lines]

    assert kinds.count("prediction") == 1
    assert kinds.index("prediction") < kinds.index("block")


def test_what_is_compared_and_does_not_serve_a_block_in_its_time_is_not_measured(
    engine_of: Any, tmp_path: Path
) -> None:
    exact = raw.variant("one", load=LoadShape(exact=True))
    waits = replace(WAITS, load=replace(WAITS.load, request_timeout_seconds=0.3))
    context = context_of(engine_of({"one": Script(hangs_after_requests=25)}), tmp_path, waits)
    limited = replace(
        context, budget=Budget(1.6, 0.0, least_block_seconds=0.2), compared=frozenset({"one"})
    )
    trial = trial_of(limited, exact)

    assert trial.end is not None
    assert trial.end.kind is EndKind.FAILED
    assert re.fullmatch(
        r"5 of 10 requests of block 3 were served in [01] s, its share of BUDGET: a longer one"
        " holds its load",
        trial.end.reason,
    )
    assert len(trial.blocks) == 3
