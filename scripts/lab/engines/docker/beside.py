"""The servers beside a variant in containers: started before it, ended after it.

Compose has created them. They share their network with the variant, so that they answer at its
name, and what makes their data ready runs there once they do.
"""

import contextlib
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from lab.engines.logs import log_lines
from lab.engines.protocol import PREPARE_SECONDS, PrepareFailed, ServerFailed
from lab.records.beside import ServiceAsked, ServiceKind

READY_SECONDS = 90.0
POLL_SECONDS = 0.1
CONNECT_SECONDS = 1.0
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


def preparation_of(variant: str) -> str:
    """The service that makes a variant's data ready."""
    return f"{variant}{BESIDE}prepare"


def log_of(folder: Path, service: str) -> Path:
    return folder / f"{service}.log"


@dataclass(frozen=True, slots=True)
class VariantServices:
    """What stands beside each variant of a run."""

    asked: tuple[ServiceAsked, ...]
    prepares: bool
    logs: Path
    accepts: Callable[[str, int], bool]

    def start(self, containers: Containers, variant: str) -> None:
        """Start the servers with fresh data, and make these ready.

        Raises:
            ServerFailed: one of them does not come up.
            PrepareFailed: its data cannot be made ready.
        """
        for each in self.asked:  # the first has the network that the others join
            service = container_of(variant, each.kind)
            containers.start_service(service)
            self.await_server(containers, each, service, variant)
        if self.prepares:
            self.prepare(containers, variant)

    def await_server(
        self, containers: Containers, asked: ServiceAsked, service: str, variant: str
    ) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self.accepts(variant, asked.port):
            runs = containers.inspect_service(service)["State"]["Running"]
            if not runs or time.monotonic() > deadline:
                said = self.said(variant, service)[-1:] or ("it said nothing",)
                raise ServerFailed(asked.kind, f"its {asked.kind} does not start: {said[0]}")
            time.sleep(POLL_SECONDS)

    def prepare(self, containers: Containers, variant: str) -> None:
        service = preparation_of(variant)
        containers.start_service(service)
        deadline = time.monotonic() + PREPARE_SECONDS
        while (state := containers.inspect_service(service)["State"])["Running"]:
            if time.monotonic() > deadline:
                containers.stop_service(service, 0)
                raise PrepareFailed(f"prepare was not done after {PREPARE_SECONDS:.0f} s")
            time.sleep(POLL_SECONDS)
        if state["ExitCode"] != 0:
            raise PrepareFailed("\n".join(self.said(variant, service)))

    def said(self, variant: str, service: str) -> tuple[str, ...]:
        return log_lines(log_of(self.logs / variant, service))[-SAID_LINES:]

    def stop(self, containers: Containers, variant: str) -> None:
        """End what stands beside a variant: nothing of its data is wanted any more."""
        services = [container_of(variant, each.kind) for each in reversed(self.asked)]
        if self.prepares:
            services.insert(0, preparation_of(variant))
        for service in services:
            containers.stop_service(service, 0)


def accepts(host: str, port: int) -> bool:
    with contextlib.suppress(OSError):
        socket.create_connection((host, port), CONNECT_SECONDS).close()
        return True
    return False
