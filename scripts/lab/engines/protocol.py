"""An engine starts a variant, samples it and stops it; nothing outside asks which one it is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from lab.records.experiment import EngineInfo
from lab.records.observations import Sample
from lab.records.variant import Variant


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a started variant answers."""

    host: str
    port: int
    probe_port: int
    container: dict[str, str] = field(default_factory=dict)
    """Image id and labels, as the engine told."""
    sockets: Path | None = None
    """The folder of its probes' sockets, where they come from outside."""


@dataclass(frozen=True, slots=True)
class State:
    """Whether a variant's server is there."""

    running: bool
    reason: str = ""
    """Why not, in one sentence."""


KILLED = 137
"""128 and SIGKILL, as a shell says it."""


def ended_with(status: int) -> str:
    """Why a server is not there any more."""
    killed = " (killed, as the kernel does at the memory limit)" if status == KILLED else ""
    return f"its server ended with status {status}{killed}"


def probe_ports(workers: int) -> int:
    """Ports for the probes: one a worker, and as many again for those that come before others go.

    A new worker takes the first that is free.
    """
    return 2 * workers


class Sampling(Protocol):
    """Readings that arrive by themselves, from the first `resume` until they are stopped.

    While it is paused none are taken; one that was under way may still arrive.
    """

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def stop(self) -> None: ...


class Engine(Protocol):
    """Docker, local processes, or a script for tests. Every call may block."""

    def info(self) -> EngineInfo:
        """Who it is; raises LabError when it does not answer."""

    def can_restart(self) -> bool:
        """Whether a variant can be started afresh, which a second trial needs."""

    def start(self, variant: Variant) -> Endpoint:
        """A fresh container with the server in it; raises VariantError."""

    def sample(self, variant: Variant, on_sample: Callable[[Sample | None], None]) -> Sampling:
        """Readings about once a second; None says that the variant has no memory any more."""

    def state(self, variant: Variant) -> State:
        """Raises VariantError when the engine does not know the variant."""

    def log_tail(self, variant: Variant, lines: int = 12) -> tuple[str, ...]:
        """The last lines of the server's log; empty when there is none."""

    def stop(self, variant: Variant) -> None:
        """End the variant's processes; no error when they have ended."""
