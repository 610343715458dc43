"""What `experiment.json` holds: written when a run begins, completed when it ends."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from lab.records.numbers import Bytes, Count

SCHEMA_VERSION = "1.0"


class EngineKind(StrEnum):
    """What runs the variants."""

    DOCKER = "docker"
    """Containers."""
    PROCESS = "process"
    """Local processes."""
    SCRIPTED = "scripted"
    """A script that answers in place of an engine, for the lab's own tests and its cost."""


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """The engine that ran the variants."""

    kind: EngineKind
    """The kind of engine."""
    version: str
    """The engine's version."""
    cgroup: str
    """The cgroup version."""
    notes: tuple[str, ...] = ()
    """Where the engine isolates or limits less than a container does, a sentence each."""


@dataclass(frozen=True, slots=True)
class HostInfo:
    """The machine."""

    cpus: Count
    """CPUs of the host, a count."""
    memory_bytes: Bytes
    """Memory of the host, in bytes."""
    kernel: str
    """The kernel's release."""
    cpu_model: str
    """The CPU's model."""


@dataclass(frozen=True, slots=True)
class MissingVariant:
    """A variant that was selected and never ran."""

    name: str
    """The variant's name."""
    reason: str
    """Why it never ran, in one sentence."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """Everything about a run that is not a measurement."""

    schema_version: str
    suite: str
    started_at: str
    """ISO 8601, UTC."""
    elapsed_seconds: float | None
    """Wall time of the run; None while it goes on, or when it was cut off."""
    interrupted: bool
    command: str
    engine: EngineInfo
    host: HostInfo
    git_commit: str | None
    settings: Mapping[str, str | int | float | bool | None]
    lanes: Mapping[str, int]
    """Slots for variants, slots for load, and the memory budget in bytes that were used."""
    lock_hashes: Mapping[str, str]
    variants: tuple[str, ...]
    """Names of the selected variants, in the order of compose.yaml."""
    missing: tuple[MissingVariant, ...]
    """Selected variants that could not run, with the reason."""
    sittings: tuple[str, ...] = ()
    """When each part of a run began that was interrupted or cut off and then went on, as
    `started_at`; empty for a run in one piece."""
    resumed: int = 0
    """How often the run was interrupted or cut off, and then resumed."""
    earlier_seconds: float = 0.0
    """Wall time of the run's interrupted parts; a part that was cut off is not counted."""
