"""What `experiment.json` holds: written when a run begins, completed when it ends."""

from collections.abc import Mapping
from dataclasses import dataclass

SCHEMA_VERSION = "1.0"


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """Who ran the variants."""

    kind: str
    version: str
    cgroup: str
    notes: tuple[str, ...] = ()
    """What was kept in another way than a container keeps it, or not at all; a sentence each."""


@dataclass(frozen=True, slots=True)
class HostInfo:
    """The machine."""

    cpus: int
    memory_bytes: int
    kernel: str
    cpu_model: str


@dataclass(frozen=True, slots=True)
class Missing:
    """A variant that was asked for and never ran."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Experiment:
    """Everything about a run that is not a measurement."""

    schema_version: str
    suite: str
    started_at: str
    """ISO 8601, UTC."""
    elapsed_seconds: float | None
    """None while it runs, or when it was cut off."""
    interrupted: bool
    command: str
    engine: EngineInfo
    host: HostInfo
    git_commit: str | None
    settings: Mapping[str, str | int | float | bool | None]
    lanes: Mapping[str, int]
    """Lanes, load slots and the memory budget in bytes that were used."""
    lock_hashes: Mapping[str, str]
    variants: tuple[str, ...]
    """The names that were asked for, in order."""
    missing: tuple[Missing, ...]
    """Those that could not be tried, with the reason."""
    resumed: int = 0
    """How often it was interrupted or cut off, and went on."""
    earlier_seconds: float = 0.0
    """What its interrupted parts took; one that was cut off did not say."""
