"""What stands beside a variant in containers: started before it, ended after it.

Compose has created it all: a container that holds the network, the servers, the other services of
the app's Compose file, and what makes the data ready. All share the one network with the variant,
so that they answer at its name.
"""

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from lab.engines.logs import log_lines
from lab.engines.protocol import (
    PREPARE_SECONDS,
    SERVER_READY_SECONDS,
    CompanionFailed,
    PrepareFailed,
    ServerFailed,
)
from lab.records.app_services import CompanionStart, ReadyWhen, ServiceAsked, ServiceKind

PORT_SECONDS = 20.0
"""How long a service that only has to run is given until it accepts at its port."""
POLL_SECONDS = 0.1
SAID_LINES = 200
BESIDE = "-with-"
"""Between a variant's name and what stands beside it."""


class Containers(Protocol):
    """What is done with a container of the project, by its service's name."""

    def start_service(self, service: str) -> None: ...

    def stop_service(self, service: str, seconds: int) -> None: ...

    def inspect_service(self, service: str) -> Mapping[str, Any]: ...


def container_of(variant: str, kind: ServiceKind) -> str:
    """The service of a server beside a variant."""
    return f"{variant}{BESIDE}{kind}"


def network_of(variant: str) -> str:
    """The service that holds the network which the others join."""
    return f"{variant}{BESIDE}network"


def companion_of(variant: str, number: int) -> str:
    """The service beside a variant that stands for one of its Compose file, counted from 1."""
    return f"{variant}{BESIDE}companion-{number}"


def preparation_of(variant: str) -> str:
    """The service that makes a variant's data ready."""
    return f"{variant}{BESIDE}prepare"


def log_of(folder: Path, service: str) -> Path:
    return folder / f"{service}.log"


@dataclass(frozen=True, slots=True)
class ServicesBeside:
    """What a description says stands beside each variant."""

    servers: tuple[ServiceAsked, ...] = ()
    companions: tuple[CompanionStart, ...] = ()
    prepares: bool = False

    def services(self, variant: str) -> tuple[str, ...]:
        """The services in the order in which they are started."""
        return (
            network_of(variant),
            *(container_of(variant, each.kind) for each in self.servers),
            *(companion_of(variant, at) for at, _ in enumerate(self.companions, start=1)),
            *([preparation_of(variant)] if self.prepares else []),
        )


@dataclass(frozen=True, slots=True)
class VariantServices:
    """What stands beside each variant of a run."""

    beside: ServicesBeside
    logs: Path
    accepts: Callable[[str, int], bool]
    port_seconds: float = PORT_SECONDS

    def start(self, containers: Containers, variant: str) -> None:
        """Start the servers with fresh data, and make these ready.

        Raises:
            ServerFailed: one of them does not come up.
            PrepareFailed: its data cannot be made ready.
        """
        containers.start_service(network_of(variant))
        for each in self.beside.servers:
            service = container_of(variant, each.kind)
            containers.start_service(service)
            self.await_server(containers, each, service, variant)
        for number, companion in enumerate(self.beside.companions, start=1):
            service = companion_of(variant, number)
            containers.start_service(service)
            self.await_companion(containers, companion, service, variant)
        if self.beside.prepares:
            self.prepare(containers, variant)

    def await_server(
        self, containers: Containers, asked: ServiceAsked, service: str, variant: str
    ) -> None:
        deadline = time.monotonic() + SERVER_READY_SECONDS
        while not self.accepts(variant, asked.port):
            runs = containers.inspect_service(service)["State"]["Running"]
            if not runs or time.monotonic() > deadline:
                said = self.said(variant, service)[-1:] or ("it said nothing",)
                raise ServerFailed(asked.kind, f"its {asked.kind} does not start: {said[0]}")
            time.sleep(POLL_SECONDS)

    def await_companion(
        self, containers: Containers, companion: CompanionStart, service: str, variant: str
    ) -> None:
        is_asked = companion.ready_when is not ReadyWhen.STARTED
        seconds = SERVER_READY_SECONDS if is_asked else self.port_seconds
        deadline = time.monotonic() + seconds
        while not self.is_ready(containers.inspect_service(service)["State"], companion, variant):
            if time.monotonic() > deadline and not is_asked:
                return  # the file asks for no more than that it runs
            if time.monotonic() > deadline:
                fault = f"was not {companion.ready_when} within {SERVER_READY_SECONDS:.0f} s"
                raise CompanionFailed(companion.name, fault)
            time.sleep(POLL_SECONDS)

    def is_ready(self, state: Mapping[str, Any], companion: CompanionStart, variant: str) -> bool:
        """Whether what depends on it may be started.

        Raises:
            CompanionFailed: it ended, which it may do with 0 alone, and where that is waited for.
        """
        waits_for_end = companion.ready_when is ReadyWhen.ENDED
        if not state["Running"]:
            if waits_for_end and state["ExitCode"] == 0:
                return True
            raise CompanionFailed(companion.name, f"ended with status {state['ExitCode']}")
        if companion.ready_when is ReadyWhen.HEALTHY:
            return bool(state.get("Health", {}).get("Status") == "healthy")
        if waits_for_end:
            return False
        return companion.port is None or self.accepts(variant, companion.port)

    def prepare(self, containers: Containers, variant: str) -> None:
        service = preparation_of(variant)
        containers.start_service(service)
        deadline = time.monotonic() + PREPARE_SECONDS
        while (state := containers.inspect_service(service)["State"])["Running"]:
            if time.monotonic() > deadline:
                containers.stop_service(service, 0)
                raise PrepareFailed(f"prepare did not end within {PREPARE_SECONDS:.0f} s")
            time.sleep(POLL_SECONDS)
        if state["ExitCode"] != 0:
            raise PrepareFailed("\n".join(self.said(variant, service)))

    def said(self, variant: str, service: str) -> tuple[str, ...]:
        return log_lines(log_of(self.logs / variant, service))[-SAID_LINES:]

    def stop(self, containers: Containers, variant: str) -> None:
        """End what stands beside a variant: nothing of its data is wanted any more.

        Raises:
            VariantError: one of them cannot be stopped; the others were.
        """
        with contextlib.ExitStack() as last:
            for service in self.beside.services(variant):
                last.callback(containers.stop_service, service, 0)
