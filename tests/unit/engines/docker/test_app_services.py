"""What stands beside a variant in containers: in which order it starts, and when it is ready."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from lab.engines.docker.app_services import ServicesBeside, VariantServices
from lab.engines.protocol import CompanionFailed, PrepareFailed
from lab.records.app_services import CompanionStart, ReadyWhen, ServiceAsked, ServiceKind

RUNS: Mapping[str, Any] = {"Running": True}
ENDED: Mapping[str, Any] = {"Running": False, "ExitCode": 0}
FAILED: Mapping[str, Any] = {"Running": False, "ExitCode": 3}
REDIS = ServiceAsked(ServiceKind.REDIS)


class ScriptedContainers:
    """Containers whose states are told beforehand, by the ends of their names."""

    def __init__(self, **states: list[Mapping[str, Any]]) -> None:
        self.states = states
        self.calls: list[str] = []

    def start_service(self, service: str) -> None:
        self.calls.append(f"start {service.partition('-with-')[2]}")

    def stop_service(self, service: str, seconds: int) -> None:
        self.calls.append(f"stop {service.partition('-with-')[2]}")

    def inspect_service(self, service: str) -> Mapping[str, Any]:
        states = self.states.get(service.rpartition("-with-")[2].replace("-", "_"), [RUNS])
        return {"State": states.pop(0) if len(states) > 1 else states[0]}


def started(beside: ServicesBeside, **states: list[Mapping[str, Any]]) -> list[str]:
    containers = ScriptedContainers(**states)
    services = VariantServices(beside, Path("/nowhere"), lambda *_: True)
    services.start(containers, "own-a")
    services.stop(containers, "own-a")
    return containers.calls


def test_it_is_started_after_what_it_needs_and_ended_before_it() -> None:
    beside = ServicesBeside((REDIS,), (CompanionStart("api", 8000),), prepares=True)
    order = ["network", "redis", "companion-1", "prepare"]
    calls = started(beside, prepare=[RUNS, ENDED])
    assert calls == [*(f"start {e}" for e in order), *(f"stop {e}" for e in reversed(order))]


def test_one_that_must_end_or_be_healthy_is_waited_for() -> None:
    ends = CompanionStart("seed", ready_when=ReadyWhen.ENDED)
    heals = CompanionStart("api", ready_when=ReadyWhen.HEALTHY)
    health = [{**RUNS, "Health": {"Status": each}} for each in ("starting", "healthy")]
    states = {"companion_1": [RUNS, RUNS, ENDED], "companion_2": [RUNS, *health]}
    calls = started(ServicesBeside(companions=(ends, heals)), **states)
    assert calls[:3] == ["start network", "start companion-1", "start companion-2"]
    assert [len(each) for each in states.values()] == [1, 1]


def test_one_that_only_has_to_run_is_not_waited_for_at_its_port_for_ever() -> None:
    beside = ServicesBeside(companions=(CompanionStart("api", 9),))
    containers = ScriptedContainers()
    VariantServices(beside, Path("/nowhere"), lambda *_: False, 0.0).start(containers, "own-a")
    assert containers.calls == ["start network", "start companion-1"]


@pytest.mark.parametrize(
    ("ready_when", "state"),
    [(ReadyWhen.ENDED, FAILED), (ReadyWhen.STARTED, FAILED), (ReadyWhen.STARTED, ENDED)],
)
def test_one_that_ends_otherwise_is_told_by_its_name(
    ready_when: ReadyWhen, state: Mapping[str, Any]
) -> None:
    beside = ServicesBeside(companions=(CompanionStart("mail", ready_when=ready_when),))
    with pytest.raises(CompanionFailed, match="mail of its Compose file ended with status"):
        started(beside, companion_1=[state])


def test_what_prepares_and_fails_is_told() -> None:
    with pytest.raises(PrepareFailed):
        started(ServicesBeside((REDIS,), prepares=True), prepare=[FAILED])
