"""Whole trials on the scripted engine: what was told goes in, the raw file comes out."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from builders import raw
from lab.engines.protocol import VariantState
from lab.measure.context import RunContext
from lab.measure.decider import NoDecider
from lab.records.observations import Trough
from lab.records.trial import EndKind, Trial
from lab.records.variant import Connection
from lab.store.raw_room import LEAST_PARTS, RawRoom
from lab.store.trial_reader import read_records
from lab.units import MIB
from support.script import Script
from support.scripted_engine import ScriptedEngine
from support.scripted_trials import ONE, WAITS, conducted, context_of, trial_of


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> RunContext:
    """The context of a trial in which nothing happens, measured once for all its tests."""
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


class AlwaysMore(NoDecider):
    def needs_more_load(self, _: Path) -> bool:
        return True


def test_more_load_ends_where_the_raw_file_has_no_room_for_it(
    engine_of: Any, tmp_path: Path
) -> None:
    context = replace(context_of(engine_of({"one": Script()}), tmp_path), decider=AlwaysMore())
    trial = trial_of(limited(context, 40_000))

    assert trial.end is not None
    assert trial.end.kind is EndKind.COMPLETE
    assert trial.end.out_of_room
    assert 8 < len(trial.blocks) < 24
    assert context.folder.raw_files()[0].stat().st_size <= 40_000
