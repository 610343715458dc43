"""The probe client against the probes of a scripted variant, and against nobody."""

import socket
from collections.abc import Iterator

import pytest
from builders import raw
from lab.engines.protocol import Endpoint
from lab.probes.channels import PortChannel
from lab.probes.client import ProbeClient
from lab.probes.question import QUESTION_SECONDS
from lab.records.trial import Environment
from lab.units import MIB
from support.script import Script
from support.scripted_engine import ScriptedEngine

VARIANT = raw.variant("one", workers=3)


def client_of(endpoint: Endpoint, workers: int) -> ProbeClient:
    return ProbeClient(PortChannel(endpoint, workers))


def answering_workers(probes: ProbeClient) -> int:
    return len(list(probes.channel.answers("/_lab/health")))


@pytest.fixture
def engine() -> Iterator[ScriptedEngine]:
    script = Script(
        calibration=raw.calibration(),
        peak_bytes=90 * MIB,
        memory_bytes=(60 * MIB,),
        memory_inside_bytes=61 * MIB,
    )
    with ScriptedEngine({"one": script}) as scripted:
        yield scripted


@pytest.fixture
def probes(engine: ScriptedEngine) -> ProbeClient:
    return client_of(engine.start(VARIANT), workers=3)


@pytest.fixture
def nobody() -> ProbeClient:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
    return client_of(Endpoint("127.0.0.1", port, port), workers=1)


def test_each_worker_answers_for_itself(probes: ProbeClient) -> None:
    assert answering_workers(probes) == 3


def test_the_server_itself_answers(probes: ProbeClient) -> None:
    assert probes.server_answers()


def test_a_reading_has_the_tree_once_and_every_worker(probes: ProbeClient) -> None:
    reading = probes.reading()

    assert reading is not None
    assert [process.parent_pid for process in reading.processes] == [1, 10, 10, 10]
    assert [worker.pid for worker in reading.workers] == [11, 12, 13]
    assert reading.workers[0].gc_counts == (0, 0, 0)
    assert reading.peak_bytes == 90 * MIB
    assert reading.oom_kills == 0


def asked_of(probes: ProbeClient, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The questions that are put from now on."""
    asked: list[str] = []
    channel = probes.channel
    assert isinstance(channel, PortChannel)
    ask = channel.ask
    monkeypatch.setattr(
        channel, "ask", lambda port, question: asked.append(question) or ask(port, question)
    )
    return asked


def test_a_reading_is_one_question_a_worker(
    probes: ProbeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = asked_of(probes, monkeypatch)
    probes.reading()

    assert asked == ["/_lab/reading", "/_lab/worker", "/_lab/worker"]


def test_the_tree_is_read_by_the_first_worker_that_answers(
    engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    probes = client_of(engine.start(VARIANT), workers=3)
    engine.call(engine.running["one"].replace_worker)
    asked = asked_of(probes, monkeypatch)
    reading = probes.reading()

    assert reading is not None
    assert (len(reading.processes), len(reading.workers)) == (4, 3)
    assert asked[:2] == ["/_lab/reading"] * 2


def test_the_tree_alone_is_a_reading_without_workers(
    probes: ProbeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = asked_of(probes, monkeypatch)
    tree = probes.tree()

    assert tree is not None
    assert (len(tree.processes), tree.workers) == (4, ())
    assert (tree.memory_bytes, tree.peak_bytes) == (61 * MIB, 90 * MIB)
    assert asked == ["/_lab/tree"]


def test_a_worker_that_came_later_is_found_on_another_port(engine: ScriptedEngine) -> None:
    probes = client_of(engine.start(VARIANT), workers=3)
    engine.call(engine.running["one"].replace_worker)
    reading = probes.reading()

    assert reading is not None
    assert [worker.pid for worker in reading.workers] == [12, 13, 14]
    assert answering_workers(probes) == 3


def test_each_worker_gives_back_what_it_can(probes: ProbeClient, engine: ScriptedEngine) -> None:
    assert probes.give_back() == 3
    assert engine.running["one"].trimmed


def test_a_master_is_killed_by_one_of_its_workers(
    probes: ProbeClient, engine: ScriptedEngine
) -> None:
    assert probes.kill_master()
    assert engine.running["one"].orphaned


def test_nobody_kills_or_gives_back_what_does_not_answer(nobody: ProbeClient) -> None:
    assert not nobody.kill_master()
    assert nobody.give_back() == 0


def test_environment_and_calibration_are_records(probes: ProbeClient) -> None:
    assert probes.environment() == Environment("3.10.0", "scripted", 1, {})
    assert probes.calibration() == raw.calibration()


def test_what_was_not_calibrated_is_none() -> None:
    with ScriptedEngine({"one": Script()}) as engine:
        assert client_of(engine.start(VARIANT), workers=3).calibration() is None


def test_a_probe_that_does_not_answer_is_a_gap(nobody: ProbeClient) -> None:
    assert answering_workers(nobody) == 0
    assert not nobody.server_answers()
    assert nobody.reading() is None
    assert nobody.tree() is None
    assert nobody.environment() is None
    assert nobody.calibration() is None


def test_a_proxy_of_the_environment_is_not_asked(
    probes: ProbeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)

    assert probes.server_answers()


def test_a_probe_is_not_waited_for_longer_than_a_reading() -> None:
    assert QUESTION_SECONDS < 10


def test_a_trace_is_waited_for_longer_than_a_busy_machine_takes() -> None:
    """92 s were seen at a load of 10 on 2 cores; readings get no more than their own time."""
    waited: dict[str, float] = {}

    class Channel(PortChannel):
        def answers(
            self, question: str, others: str | None = None, seconds: float = QUESTION_SECONDS
        ) -> Iterator[object]:
            waited[question] = seconds
            return iter(())

    probes = ProbeClient(Channel(Endpoint("127.0.0.1", 1, 2), 1))
    probes.trace()
    probes.traced(1000)
    probes.traced_lines(1000)
    probes.give_back()

    slow = {name for name, seconds in waited.items() if seconds > 2 * 92}
    assert slow == {"/_lab/trace", "/_lab/traced", "/_lab/traced-lines"}
