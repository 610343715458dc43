"""A short run of a user app: what some requests leave live, and what goes wrong with one."""

import asyncio
from dataclasses import replace

import pytest
from builders import raw
from lab.app.requests import user_app_of
from lab.app.spec import AppSpec, RequestSpec
from lab.engines.protocol import Endpoint
from lab.errors import VariantError
from lab.load.request_mix import UserApp
from lab.measure.short_run import ShortLoad, ShortRun, ShortRunner
from lab.probes.channels import PortChannel
from lab.probes.client import ProbeClient
from lab.records.observations import AllocationTrace, WorkerReading
from support.paths import ROOT
from support.script import Script
from support.scripted_engine import ScriptedEngine

WARM_UP = 3
LOAD = ShortLoad(
    2, ready_seconds=0.3, blocks=3, block_requests=10, traced_requests=5, settle_seconds=0
)
VARIANT = raw.variant(name="one")


class Probes(ProbeClient):
    """The scripted server's probes, which tell of Python's own allocator, too, and trace."""

    def __init__(self, endpoint: Endpoint, tracer: str | None) -> None:
        super().__init__(PortChannel(endpoint, VARIANT.axes.workers))
        self.tracer = tracer

    def workers(self) -> tuple[WorkerReading, ...]:
        return tuple(replace(each, python_in_use_bytes=0) for each in super().workers())

    def trace_lines(self) -> bool:
        return self.tracer is not None

    def traced_lines(self, requests: int) -> AllocationTrace | None:
        return AllocationTrace(self.tracer or "", requests, 0, (), {})


class Runner(ShortRunner):
    """A short run of a scripted variant."""

    tracer: str | None = "tracemalloc"

    def probes(self, endpoint: Endpoint) -> ProbeClient:
        return Probes(endpoint, self.tracer)


class LateProbes(Probes):
    """Each second reading comes too late, and so does each second answer on the trace."""

    asked = 0

    def comes(self) -> bool:
        self.asked += 1
        return self.asked % 2 == 0

    def workers(self) -> tuple[WorkerReading, ...]:
        return super().workers() if self.comes() else ()

    def trace_lines(self) -> bool:
        return self.comes() and super().trace_lines()

    def traced_lines(self, requests: int) -> AllocationTrace | None:
        return super().traced_lines(requests) if self.comes() else None


class Late(Runner):
    """A runner of an app on a busy machine."""

    def probes(self, endpoint: Endpoint) -> ProbeClient:
        return LateProbes(endpoint, self.tracer)


class Untraced(Runner):
    """A runner of an app in which nothing traces."""

    tracer = None


def app() -> UserApp:
    requests = (RequestSpec(path=VARIANT.path),)
    return user_app_of(AppSpec(ROOT / "lab.toml", "one", warmup=WARM_UP, requests=requests))


def ran(script: Script, runner: type[ShortRunner] = Runner) -> tuple[ShortRun, ScriptedEngine]:
    with ScriptedEngine({"one": script}) as engine:
        return asyncio.run(runner(engine, VARIANT, app(), LOAD).run()), engine


def test_what_each_block_leaves_is_read_after_the_warm_up_and_after_it() -> None:
    short_run, engine = ran(Script(lambda served: 1_000 * served))

    assert short_run.requests == (10, 10, 10)
    assert short_run.live_bytes == (3_000, 13_000, 23_000, 33_000)
    assert short_run.environment is not None
    assert short_run.trace is not None
    assert (short_run.trace.tracer, short_run.trace.requests) == ("tracemalloc", 5)
    assert (engine.started, engine.stopped) == (["one"], ["one"])


def test_an_app_in_which_nothing_traces_has_no_trace_and_no_load_for_it() -> None:
    short_run, _ = ran(Script(lambda served: served), Untraced)

    assert short_run.trace is None
    assert short_run.live_bytes[-1] == 33


def test_a_reading_that_comes_too_late_is_asked_for_again() -> None:
    """One missed answer on the newest end made a search follow all that is live, not the leak."""
    short_run, _ = ran(Script(lambda served: 1_000 * served), Late)

    assert short_run.live_bytes == (3_000, 13_000, 23_000, 33_000)
    assert short_run.trace is not None
    assert short_run.trace.requests == 5


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (Script(never_ready=True), r"the app did not answer within 0 s"),
        (
            Script(dies_after_requests=0, log=("Traceback", "ModuleNotFoundError: orders")),
            "the app does not start: its server ended .*: ModuleNotFoundError: orders",
        ),
        (Script(status=500), "no request was served as expected: .* x 3"),
        (Script(cannot_start="no image"), "one: no image"),
    ],
)
def test_a_run_that_cannot_be_made_says_why_and_leaves_nothing_running(
    script: Script, said: str
) -> None:
    with ScriptedEngine({"one": script}) as engine:
        with pytest.raises(VariantError, match=said):
            asyncio.run(Runner(engine, VARIANT, app(), LOAD).run())
        assert engine.stopped == ["one"]


def test_an_app_that_does_not_say_what_it_holds_is_told() -> None:
    with pytest.raises(VariantError, match="reports its memory"):
        ran(Script(), ShortRunner)
