"""One variant in one fresh container: what was asked for, predicted and observed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from lab.records.judgement import MIN_LEAK_BYTES_PER_REQUEST
from lab.records.observations import (
    AllocationTrace,
    Block,
    Calibration,
    Pause,
    PostLoadObservation,
    Sample,
    Trough,
)
from lab.records.variant import Connection, Variant


@dataclass(frozen=True, slots=True)
class TrialStart:
    """The first record of a trial: what is about to be measured, and how."""

    variant: Variant
    trial: int
    at_seconds: float
    requests: int
    blocks: int
    concurrency: int
    connection: Connection
    probes: bool
    matters_bytes: int = MIN_LEAK_BYTES_PER_REQUEST
    """What matters to the user: bytes a request."""
    container: Mapping[str, str] = field(default_factory=dict)
    """Image id and labels of the container, as the engine told."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What the variant says of its interpreter and packages."""

    python: str
    libc: str
    cpu_count: int
    packages: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Prediction:
    """What was expected before the load; the measured result plays no part in it."""

    growth_bytes: int | None
    formula: str
    inputs: Mapping[str, float | int | str | None]


class EndKind(StrEnum):
    """How a trial ended."""

    COMPLETE = "complete"
    DIED = "died"
    NEVER_READY = "never ready"
    NO_REQUESTS_SERVED = "no requests served"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class End:
    """The last record of a trial, with the reason in one sentence."""

    kind: EndKind
    at_seconds: float
    reason: str = ""
    log_tail: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trial:
    """Everything observed of one variant in one fresh container."""

    start: TrialStart
    environment: Environment | None = None
    calibration: Calibration | None = None
    prediction: Prediction | None = None
    samples: tuple[Sample, ...] = ()
    blocks: tuple[Block, ...] = ()
    troughs: tuple[Trough, ...] = ()
    aftermath: PostLoadObservation | None = None
    pauses: tuple[Pause, ...] = ()
    explanation: AllocationTrace | None = None
    end: End | None = None

    def __post_init__(self) -> None:
        """Troughs stand in the order of their blocks, whoever made the record."""
        in_order = tuple(sorted(self.troughs, key=lambda trough: trough.index))
        object.__setattr__(self, "troughs", in_order)

    @property
    def baseline(self) -> Trough | None:
        """The trough before the load; None without one."""
        return next((trough for trough in self.troughs if trough.index == -1), None)

    @property
    def block_troughs(self) -> tuple[Trough, ...]:
        """The troughs after a block each, in order."""
        return tuple(trough for trough in self.troughs if trough.index >= 0)

    @property
    def settled(self) -> Trough | None:
        """The last trough after a block; None without one."""
        return self.block_troughs[-1] if self.block_troughs else None
