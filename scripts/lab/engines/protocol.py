"""What an engine does: it starts a variant, samples it and stops it.

Nothing outside of this package depends on which engine it is.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from lab.errors import VariantError
from lab.records.app_services import ServiceKind
from lab.records.experiment import EngineInfo
from lab.records.observations import Sample
from lab.records.variant import Variant

PREPARE_SECONDS = 600.0
"""How long an app's `prepare` may take."""
SERVER_READY_SECONDS = 90.0
"""How long a server beside an app may take until it accepts at its port."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a started variant answers."""

    host: str
    port: int
    probe_port: int
    container: dict[str, str] = field(default_factory=dict)
    """Image id and labels, as the engine reports them."""
    sockets: Path | None = None
    """The folder of the probes' Unix sockets, where the probes were put into a user app."""


@dataclass(frozen=True, slots=True)
class VariantState:
    """Whether a variant's server runs."""

    running: bool
    reason: str = ""
    """Why it does not run, in one sentence."""
    at_limit: bool = False
    """Whether it was killed as the kernel, or the lab's guard, does at the memory limit."""


SERVER_PORT = 8000
"""Where a variant in a container serves, unless something beside it does."""


class ServerFailed(VariantError):
    """A server beside a user app does not come up."""

    def __init__(self, kind: ServiceKind, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


class CompanionFailed(VariantError):
    """A service of the app's Compose file, which is started beside it, does not come up."""

    def __init__(self, name: str, fault: str) -> None:
        super().__init__(f"{name} of its Compose file {fault}")
        self.name = name


class PrepareFailed(VariantError):
    """What makes a user app's data ready failed; with what it said."""


KILLED = 137
"""128 + SIGKILL, a shell's exit status after that signal."""


def ended_with(status: int) -> VariantState:
    """The state of a server that ended with that exit status."""
    killed = status == KILLED
    how = " (killed, as the kernel does at the memory limit)" if killed else ""
    return VariantState(False, f"its server ended with status {status}{how}", killed)


def probe_ports(workers: int) -> int:
    """How many ports the probes get: two for each worker.

    A worker takes the first that is free, and a new one may start before an old one has ended.
    """
    return 2 * workers


class Sampling(Protocol):
    """Samples that arrive by themselves, from the first `resume` until `stop`.

    While it is paused none are taken; one that was being taken may still arrive.
    """

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def stop(self) -> None: ...


class Engine(Protocol):
    """Starts, samples and stops variants. Every call may block."""

    def info(self) -> EngineInfo:
        """Kind, version and notes; raises LabError when the engine does not answer."""

    def can_restart(self) -> bool:
        """Whether a variant can be started again, as a second trial needs it."""

    def start(self, variant: Variant) -> Endpoint:
        """Where the variant answers, which is started afresh; raises VariantError."""

    def sample(self, variant: Variant, on_sample: Callable[[Sample | None], None]) -> Sampling:
        """A sample about once a second; None when no process of the variant is left."""

    def state(self, variant: Variant) -> VariantState:
        """Whether the server runs; raises VariantError when the variant was never started."""

    def log_tail(self, variant: Variant, lines: int = 12) -> tuple[str, ...]:
        """The last lines of the server's log; empty without a log."""

    def stop(self, variant: Variant) -> None:
        """End the variant's processes; no error when they have ended."""
