"""Whole trials on the scripted engine: what was told goes in, the raw file comes out."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import uvloop
from builders import raw
from lab.engines.protocol import Engine, VariantState
from lab.errors import VariantError
from lab.measure import budget
from lab.measure.budget import Budget
from lab.measure.context import RunContext
from lab.measure.cooldown_rules import Waits
from lab.measure.decider import NO_DECIDER
from lab.measure.scheduler import run_all
from lab.measure.slots import SlotPlan, Slots
from lab.records.observations import Trough
from lab.records.trial import EndKind, Trial
from lab.records.variant import Connection, LoadShape, Variant
from lab.store.raw_room import LEAST_PARTS, RawRoom
from lab.store.run_folder import RunFolder
from lab.store.trial_reader import read_records
from support.script import Script
from support.scripted_engine import WAITS as SCRIPTED_WAITS
from support.scripted_engine import ScriptedEngine

MIB = raw.MIB
WAITS = replace(SCRIPTED_WAITS, ready_seconds=0.3)
ONE = raw.variant("one")
TWO = raw.variant("two")


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

    def tell(self, text: str) -> None:
        self.notes.append(("", text))

    def finished(self, name: str, note: str | None) -> None:
        self.notes.append((name, note))


@pytest.fixture
def engine_of() -> Iterator[Callable[..., ScriptedEngine]]:
    opened: list[ScriptedEngine] = []

    def make(scripts: Mapping[str, Script], pace_seconds: float = 0.002) -> ScriptedEngine:
        opened.append(ScriptedEngine(scripts, pace_seconds).__enter__())
        return opened[-1]

    yield make
    for engine in opened:
        engine.__exit__()


def context_of(
    engine: Engine, tmp_path: Path, waits: Waits = WAITS, slots: int = 2, **given: str
) -> RunContext:
    settings = raw.settings(**{"REQUESTS": "80", "CONCURRENCY": "4", **given})
    run_slots = Slots(SlotPlan(lanes=4, load_slots=slots, budget_bytes=1 << 30))
    folder = RunFolder.create(tmp_path, "run")
    return RunContext(engine, settings, run_slots, folder, Hearing(), waits)


def conducted(context: RunContext, *variants: Variant) -> dict[str, list[Trial]]:
    uvloop.run(run_all(context, variants))
    return context.folder.read_trials()


def trial_of(context: RunContext, variant: Variant = ONE) -> Trial:
    (trial,) = conducted(context, variant)[variant.name]
    return trial


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> RunContext:
    """Of a trial in which nothing happens, measured once for all tests that look at it."""
    with ScriptedEngine({"one": Script()}, 0.002) as engine:
        context = context_of(engine, tmp_path_factory.mktemp("plain"))
        conducted(context, ONE)
    return context


@pytest.fixture
def plain_trial(plain: RunContext) -> Trial:
    (trial,) = plain.folder.read_trials()["one"]
    return trial


def test_a_trial_sends_exactly_what_was_asked_for(engine_of: Any, tmp_path: Path) -> None:
    engine = engine_of({"one": Script()})
    trial = trial_of(context_of(engine, tmp_path, REQUESTS="83", BLOCKS="10"))

    assert [block.sent for block in trial.blocks] == [9, 9, 9, 8, 8, 8, 8, 8, 8, 8]
    assert sum(block.ok for block in trial.blocks) == 83
    assert [trough.index for trough in trial.troughs] == [-1, *range(10)]
    assert all(trough.stable for trough in trial.troughs)
    assert trial.end is not None
    assert trial.end.kind is EndKind.COMPLETE


def test_what_is_compared_and_does_not_serve_a_block_in_its_time_is_not_measured(
    engine_of: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "LEAST_BLOCK_SECONDS", 0.2)
    exact = raw.variant("one", load=LoadShape(exact=True))
    waits = replace(WAITS, load=replace(WAITS.load, request_timeout_seconds=0.3))
    context = context_of(engine_of({"one": Script(hangs_after_requests=25)}), tmp_path, waits)
    limited = replace(context, budget=Budget(1.6, 0.0), compared=frozenset({"one"}))
    trial = trial_of(limited, exact)

    assert trial.end is not None
    assert trial.end.kind is EndKind.FAILED
    assert trial.end.reason == (
        "5 of 10 requests of block 3 were served in 0 s, its share of BUDGET: a longer one holds"
        " its load"
    )
    assert len(trial.blocks) == 3


def test_the_curve_that_went_in_is_the_curve_in_the_raw_file(
    engine_of: Any, tmp_path: Path
) -> None:
    curve = [20 * MIB + 4096 * step for step in range(5000)]
    trial = trial_of(context_of(engine_of({"one": Script(memory_bytes=curve)}), tmp_path))

    assert len(trial.samples) > 15
    assert [s.memory_bytes for s in trial.samples] == curve[: len(trial.samples)]


def test_each_trough_is_what_its_requests_left_behind(engine_of: Any, tmp_path: Path) -> None:
    script = Script(
        memory_bytes=lambda served: (20 + served) * MIB, pids=lambda served: 3 + min(served, 40)
    )
    trial = trial_of(context_of(engine_of({"one": script}), tmp_path))

    assert [t.sample.memory_bytes // MIB - 20 for t in trial.troughs] == list(range(0, 81, 10))
    assert [t.sample.pids for t in trial.troughs] == [3, 13, 23, 33, 43, 43, 43, 43, 43]


def test_the_baseline_is_taken_before_the_load(plain_trial: Trial) -> None:
    trial = plain_trial
    assert trial.troughs[0].index == -1
    assert trial.troughs[0].sample.read_at_seconds < trial.blocks[0].started_at_seconds


def test_a_trough_was_read_after_its_cooldown(plain_trial: Trial) -> None:
    trial = plain_trial
    for block, trough in zip(trial.blocks, trial.troughs[1:], strict=True):
        cooldown_ended = block.ended_at_seconds + trough.cooldown_seconds
        assert trough.sample.read_at_seconds > cooldown_ended - 0.001
        assert trough.cooldown_seconds >= (0.005 if trough.full else 0.003)


def test_blocks_do_not_overlap_their_cooldown(plain_trial: Trial) -> None:
    trial = plain_trial
    ends = zip(trial.troughs, trial.blocks, strict=False)

    assert all(t.sample.read_at_seconds < b.started_at_seconds for t, b in ends)
    assert all(b.started_at_seconds > a.ended_at_seconds for a, b in pairwise(trial.blocks))


def test_no_reading_is_taken_before_the_minimum_cooldown_is_over(
    engine_of: Any, tmp_path: Path
) -> None:
    waits = replace(WAITS, min_cooldown_seconds=lambda *_: 0.08, watched_seconds=0.03)
    script = Script(memory_inside_bytes=20 * MIB)
    trial = trial_of(context_of(engine_of({"one": script}), tmp_path, waits))

    baseline, _, first, *between, _, last = trial.pauses
    assert len(between) == 6
    for index, pause in ((-1, baseline), (0, first), (7, last)):
        trough = trial.troughs[index + 1]
        assert trough.full
        assert trough.cooldown_seconds >= 0.08
        assert pause.ended_at_seconds < trough.sample.read_at_seconds
        assert pause.ended_at_seconds - pause.started_at_seconds > 0.02


def test_cooldowns_are_full_at_the_baseline_after_the_first_block_and_at_the_end(
    plain: RunContext, plain_trial: Trial
) -> None:
    (raw_file,) = plain.folder.raw_files()
    written = [record for record in read_records(raw_file) if isinstance(record, Trough)]
    assert [(trough.index, trough.full) for trough in written] == [
        (-1, True),
        (0, False),
        (0, True),
        *((index, False) for index in range(1, 7)),
        (7, True),
    ]
    assert [trough.full for trough in plain_trial.troughs] == [True, True, *[False] * 6, True]


def test_a_trough_agrees_with_the_reading_before_it(engine_of: Any, tmp_path: Path) -> None:
    """Memory that still rises when it is looked at first is waited for."""
    late = [20 * MIB, 25 * MIB] + [30 * MIB] * 5000
    trial = trial_of(context_of(engine_of({"one": Script(memory_bytes=late)}), tmp_path))

    baseline = trial.troughs[0]
    assert baseline.stable
    assert baseline.sample.memory_bytes == 30 * MIB
    at = trial.samples.index(baseline.sample)
    assert trial.samples[at - 1].memory_bytes == 30 * MIB


@pytest.mark.parametrize(("probes", "most"), [("1", 2), ("0", 20)])
def test_the_engine_is_not_asked_for_what_a_probe_has_shown(
    engine_of: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, probes: str, most: int
) -> None:
    engine, asked = engine_of({"one": Script()}), []
    state = engine.state
    monkeypatch.setattr(engine, "state", lambda variant: asked.append(1) or state(variant))
    trial = trial_of(context_of(engine, tmp_path, LAB_PROBES=probes))

    assert trial.end.kind is EndKind.COMPLETE
    assert len(asked) <= most
    assert (len(asked) > 9) is (probes == "0")


def test_a_server_that_its_probe_outlives_has_died(
    engine_of: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engine_of({"one": Script()})
    context = context_of(engine, tmp_path)
    hearing: Any = context.progress
    state, ended = engine.state, VariantState(running=False, reason="it ended with 3")
    gone = lambda: hearing.done.get("one") == 80  # noqa: E731
    monkeypatch.setattr(engine, "state", lambda variant: ended if gone() else state(variant))

    trial = trial_of(context)
    assert trial.end.kind is EndKind.DIED
    assert trial.end.reason == "it ended with 3"
    assert len(trial.troughs) == 9


def test_what_is_never_stable_is_recorded_as_such(engine_of: Any, tmp_path: Path) -> None:
    restless = Script(memory_bytes=[(20 + step) * MIB for step in range(5000)])
    waits = replace(WAITS, min_cooldown_seconds=lambda *_: 0.01, patience_seconds=0.05)
    trial = trial_of(context_of(engine_of({"one": restless}), tmp_path, waits))

    assert [trough.stable for trough in trial.troughs] == [False] * 9


def test_the_start_says_what_is_measured_and_how(engine_of: Any, tmp_path: Path) -> None:
    context = context_of(engine_of({"one": Script()}), tmp_path, CONNECTION="keep-alive")
    start = trial_of(context).start

    assert start.variant == ONE
    assert (start.requests, start.blocks, start.concurrency) == (80, 8, 4)
    assert start.connection is Connection.KEEP_ALIVE
    assert start.container == {"image": "memlab-one-thread"}


def test_the_probes_are_read_at_every_trough(engine_of: Any, tmp_path: Path) -> None:
    variant = raw.variant("four", workers=4)
    script = Script(calibration=raw.calibration(), peak_bytes=90 * MIB)
    trial = trial_of(context_of(engine_of({"four": script}), tmp_path), variant)

    assert trial.calibration == raw.calibration()
    assert trial.environment is not None
    for trough in trial.troughs:
        assert trough.probe is not None
        assert [worker.pid for worker in trough.probe.workers] == [11, 12, 13, 14]
        assert len(trough.probe.processes) == 5
        assert trough.probe.peak_bytes == 90 * MIB


def test_without_probes_nothing_is_asked_from_inside(engine_of: Any, tmp_path: Path) -> None:
    trial = trial_of(context_of(engine_of({"one": Script()}), tmp_path, LAB_PROBES="0"))

    assert trial.environment is None
    assert [trough.probe for trough in trial.troughs] == [None] * 9
    assert not trial.start.probes


def test_every_trial_has_a_fresh_container(engine_of: Any, tmp_path: Path) -> None:
    engine = engine_of({"one": Script(memory_bytes=lambda served: (20 + served) * MIB)})
    first, second = conducted(context_of(engine, tmp_path, TRIALS="2"), ONE)["one"]

    assert engine.started == ["one", "one"]
    assert engine.stopped == ["one", "one"]
    assert [trial.start.trial for trial in (first, second)] == [1, 2]
    assert first.troughs[0].sample.memory_bytes == second.troughs[0].sample.memory_bytes


def limited(context: RunContext, most_bytes: int) -> RunContext:
    """The context with so much room for the raw files of the one trial."""
    context.folder.room = RawRoom(context.folder.path, LEAST_PARTS * most_bytes)
    return context


def test_blocks_that_will_not_fit_a_raw_file_end_its_trial_with_the_second(
    engine_of: Any, tmp_path: Path
) -> None:
    context = context_of(engine_of({"one": Script()}), tmp_path, REQUESTS="80", BLOCKS="40")
    end = trial_of(limited(context, 30_000)).end

    assert end is not None
    assert end.kind is EndKind.FAILED
    assert end.reason.startswith("its raw file has no room for 38 more blocks: it has ")
    assert "of its share of 29.3 KiB (a run has 40.0 MiB at most)" in end.reason
    assert end.reason.endswith("fewer TRIALS or VARIANTS, BLOCKS or WORKERS make the share larger")


def test_a_trial_without_a_share_is_not_started_and_says_so(engine_of: Any, tmp_path: Path) -> None:
    engine = engine_of({"one": Script()})
    trial = trial_of(limited(context_of(engine, tmp_path), 9_000))

    assert engine.started == []
    assert trial.blocks == ()
    assert trial.end is not None
    assert "no room for 8 more blocks" in trial.end.reason


def test_more_load_ends_where_the_raw_file_has_no_room_for_it(
    engine_of: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(NO_DECIDER, "needs_more_load", lambda _: True, raising=False)
    context = context_of(engine_of({"one": Script()}), tmp_path)
    trial = trial_of(limited(context, 40_000))

    assert trial.end is not None
    assert trial.end.kind is EndKind.COMPLETE
    assert trial.end.out_of_room
    assert 8 < len(trial.blocks) < 24
    assert context.folder.raw_files()[0].stat().st_size <= 40_000


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


def test_a_variant_that_cannot_be_stopped_spoils_no_other(tmp_path: Path) -> None:
    with Stubborn({"one": Script(), "two": Script()}, 0.002) as engine:
        trials = conducted(context_of(engine, tmp_path), ONE, TWO)

    ends = [trial.end.kind for of_variant in trials.values() for trial in of_variant if trial.end]
    assert ends == [EndKind.COMPLETE, EndKind.COMPLETE]


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
