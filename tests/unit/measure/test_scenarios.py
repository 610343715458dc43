"""Post-load actions on the scripted engine: killed masters, memory that is given back."""

import asyncio
import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from builders import raw
from lab.measure.context import RunContext
from lab.measure.cooldowns import processes_were_lost
from lab.measure.scheduler import run_all
from lab.measure.slots import SlotPlan, Slots
from lab.records.observations import PostLoadObservation
from lab.records.trial import EndKind, Trial
from lab.records.variant import LoadShape, RequestKind, Scenario, Variant
from lab.store.run_folder import RunFolder
from lab.units import MIB
from support.script import Orphans, Script
from support.scripted_engine import WAITS, ScriptedEngine
from support.scripted_server import LEFT_BYTES

KILLED = raw.variant("one", workers=2, scenario=Scenario.MASTER_KILLED)
GIVES = raw.variant("one", workers=2, scenario=Scenario.GIVE_BACK)


class Deaf:
    """A RunProgress that shows nothing."""

    def update(self, name: str, **_: object) -> None: ...

    def finished(self, name: str, note: str | None) -> None: ...


@pytest.fixture
def trial_of(tmp_path: Path) -> Iterator[Any]:
    """A function from variant, script and settings to the trial."""
    engines: list[ScriptedEngine] = []

    def conducted(variant: Variant, script: Script, **given: str) -> Trial:
        engine = ScriptedEngine({variant.name: script}, 0.002).__enter__()
        engines.append(engine)
        settings = raw.settings(**{"REQUESTS": "80", "CONCURRENCY": "4", **given})
        slots = Slots(SlotPlan(slots=4, load_slots=2, budget_bytes=1 << 30))
        folder = RunFolder.create(tmp_path, "run")
        context = RunContext(engine, settings, slots, folder, Deaf(), WAITS)
        asyncio.run(run_all(context, (variant,)))
        (trial,) = folder.read_trials()[variant.name]
        return trial

    yield conducted
    for engine in engines:
        engine.__exit__()


def seen(trial: Trial) -> PostLoadObservation:
    assert trial.end is not None
    assert trial.end.kind is EndKind.COMPLETE
    assert trial.post_load is not None
    return trial.post_load


def test_workers_that_outlive_their_master_are_seen_serving(trial_of: Any) -> None:
    observation = seen(trial_of(KILLED, Script((90 * MIB,))))

    assert observation.scenario is Scenario.MASTER_KILLED
    assert observation.before is not None
    assert observation.after is not None
    assert [p.pid for p in observation.before.processes] == [10, 11, 12]
    assert [(p.pid, p.parent_pid) for p in observation.after.processes] == [(11, 1), (12, 1)]
    assert (observation.memory_before_bytes, observation.memory_after_bytes) == (90 * MIB, 90 * MIB)
    assert (observation.asked, observation.answered) == (8, 8)
    assert observation.waited_seconds >= 0.03


def test_workers_that_left_hold_nothing_and_do_not_answer(trial_of: Any) -> None:
    observation = seen(trial_of(KILLED, Script((90 * MIB,), orphans=Orphans.LEAVE)))

    assert observation.after is None
    assert observation.memory_after_bytes == LEFT_BYTES
    assert observation.tasks_after is not None
    assert (observation.asked, observation.answered) == (8, 0)


def test_a_container_that_ends_with_its_master_is_no_failed_trial(trial_of: Any) -> None:
    trial = trial_of(KILLED, Script((90 * MIB,), orphans=Orphans.END, log=("killed",)))
    observation = seen(trial)

    assert (observation.after, observation.memory_after_bytes, observation.tasks_after) == (
        None,
        None,
        0,
    )
    assert observation.answered == 0
    assert trial.end.log_tail == ("killed",)


def test_what_workers_give_back_when_they_are_asked_to(trial_of: Any) -> None:
    observation = seen(trial_of(GIVES, Script((90 * MIB,), trimmed_bytes=40 * MIB)))

    assert observation.scenario is Scenario.GIVE_BACK
    assert (observation.memory_before_bytes, observation.memory_after_bytes) == (90 * MIB, 40 * MIB)
    assert observation.before is not None
    assert observation.after is not None
    assert (observation.asked, observation.answered) == (0, 0)


def test_the_scenario_comes_after_the_last_trough(trial_of: Any) -> None:
    trial = trial_of(GIVES, Script((90 * MIB,), trimmed_bytes=40 * MIB))

    assert [t.sample.memory_bytes for t in trial.troughs] == [90 * MIB] * 9


def test_a_scenario_without_probes_does_not_run_and_says_so(trial_of: Any) -> None:
    trial = trial_of(KILLED, Script(), LAB_PROBES="0")

    assert trial.post_load is None
    assert trial.end.kind is EndKind.COMPLETE
    assert trial.end.reason == "its scenario master-killed did not run: no probe answered"


def test_without_a_scenario_there_is_no_post_load_observation(trial_of: Any) -> None:
    trial = trial_of(raw.variant("one"), Script(log=("never asked for",)))

    assert trial.post_load is None
    assert (trial.end.reason, trial.end.log_tail) == ("", ())


def test_a_worker_killed_for_memory_is_in_the_record(trial_of: Any) -> None:
    script = Script(replaced_after_requests=25, log=("Worker was sent SIGKILL!",))
    trial = trial_of(raw.variant("one", workers=2), script)
    probes = [trough.probe for trough in trial.troughs]

    assert sum(block.failures.get("reset", 0) for block in trial.blocks) == 1
    assert [probe.oom_kills for probe in probes] == [0] * 3 + [1] * 6
    assert [worker.pid for worker in probes[0].workers] == [11, 12]
    assert [worker.pid for worker in probes[-1].workers] == [12, 13]
    assert trial.end.kind is EndKind.COMPLETE
    assert trial.end.log_tail == ("Worker was sent SIGKILL!",)


def lost(first: Mapping[str, Any], last: Mapping[str, Any]) -> bool:
    return processes_were_lost(raw.probe(**first), raw.probe(**last))


def test_processes_are_lost_when_they_are_killed_or_gone() -> None:
    (process,) = raw.probe().processes
    other = dataclasses.replace(process, pid=12)

    assert not lost({}, {})
    assert not lost({}, {"processes": (process, other)})
    assert lost({"processes": (process, other)}, {})
    assert lost({}, {"oom_kills": 1})
    assert not lost({"oom_kills": None}, {"oom_kills": None})
    assert not processes_were_lost(None, raw.probe())


def test_an_upload_arrives_whole_and_its_companion_is_heard(trial_of: Any) -> None:
    load = LoadShape(requests=16, concurrency=2, kind=RequestKind.UPLOAD, companion="/health")
    trial = trial_of(raw.variant("one", load=load), Script(companion_seconds=0.01))

    assert (trial.start.requests, trial.start.concurrency) == (16, 2)
    assert [block.ok for block in trial.blocks] == [2] * 8
    for block in trial.blocks:
        assert block.companion_requests["failed"] == 0
        assert block.companion_seconds["max"] >= 0.009  # a loop's timer may be a millisecond early
