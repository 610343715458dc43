"""One variant in one fresh container: what was asked for, predicted and observed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from lab.records.judgement import MIN_LEAK_BYTES_PER_REQUEST
from lab.records.numbers import Positive
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
    requests: Positive
    blocks: Positive
    concurrency: Positive
    connection: Connection
    probes: bool
    matters_bytes: Positive = MIN_LEAK_BYTES_PER_REQUEST
    """Bytes a request below which a leak does not matter to the user."""
    container: Mapping[str, str] = field(default_factory=dict)
    """Image id and labels of the container, as the engine reports them."""


@dataclass(frozen=True, slots=True)
class Environment:
    """The interpreter and packages of a variant, as the variant itself reports them."""

    python: str
    libc: str
    cpu_count: int
    packages: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Prediction:
    """Growth expected before the load; what is measured afterwards plays no part in it."""

    growth_bytes: int | None
    """Predicted growth in bytes; None: no prediction."""
    formula: str
    """The formula, spelled out."""
    inputs: Mapping[str, float | int | str | None]
    """The formula's inputs by name; units stand in the names."""


@dataclass(frozen=True, slots=True)
class LoadFit:
    """A load that was made smaller, so that it fits the time for it."""

    asked: Positive
    """Requests that were asked for."""
    requests: Positive
    """Requests that the load has instead."""
    request_seconds: float
    """Seconds that one request takes, several in flight."""
    budget_seconds: float
    """Time in which the app is judged."""
    whole_budget_seconds: float
    """The time that would hold what was asked for."""


class EndKind(StrEnum):
    """How a trial ended; `cut off`: its raw file has no end."""

    COMPLETE = "complete"
    DIED = "died"
    NEVER_READY = "never ready"
    NO_REQUESTS_SERVED = "no requests served"
    STOPPED_ANSWERING = "stopped answering"
    INTERRUPTED = "interrupted"
    FAILED = "failed"
    CUT_OFF = "cut off"


@dataclass(frozen=True, slots=True)
class End:
    """The last record of a trial, with the reason in one sentence."""

    kind: EndKind
    at_seconds: float
    reason: str = ""
    log_tail: tuple[str, ...] = ()
    at_limit: bool = False
    """Whether the server was killed as it is at the memory limit."""
    decided: bool = False
    """Whether the load ended before all of its planned blocks, as no more was needed."""
    out_of_time: bool = False
    """Whether more load was asked for, and the time for it was over."""
    out_of_room: bool = False
    """Whether more load was asked for, and its raw file had no room for it."""
    samples_left_out: int = 0
    """Samples that were taken and not written, as the raw file had not room for all."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Everything observed of one variant in one fresh container.

    Troughs are in the order of blocks, one a block: where a block has two, the one with readings of
    the workers, and of two such the full one.
    """

    start: TrialStart
    environment: Environment | None = None
    calibration: Calibration | None = None
    prediction: Prediction | None = None
    samples: tuple[Sample, ...] = ()
    blocks: tuple[Block, ...] = ()
    troughs: tuple[Trough, ...] = ()
    post_load: PostLoadObservation | None = None
    pauses: tuple[Pause, ...] = ()
    trace: AllocationTrace | None = None
    fit: LoadFit | None = None
    """None: the load is what was asked for."""
    end: End | None = None

    def __post_init__(self) -> None:
        in_order = sorted(self.troughs, key=lambda trough: (trough.index, *_tells_more(trough)))
        last = {trough.index: trough for trough in in_order}
        object.__setattr__(self, "troughs", tuple(last.values()))

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


def _tells_more(trough: Trough) -> tuple[bool, bool]:
    """Larger of the one of two troughs that is kept: one gap would leave a whole trial without the
    counts of live and free bytes."""
    return trough.probe is not None and bool(trough.probe.workers), trough.full


RawRecord = (
    TrialStart
    | Environment
    | Calibration
    | Prediction
    | Sample
    | Block
    | Trough
    | PostLoadObservation
    | Pause
    | AllocationTrace
    | LoadFit
    | End
)
RECORDS: Mapping[str, type] = {
    "start": TrialStart,
    "environment": Environment,
    "calibration": Calibration,
    "prediction": Prediction,
    "sample": Sample,
    "block": Block,
    "trough": Trough,
    "post-load": PostLoadObservation,
    "pause": Pause,
    "trace": AllocationTrace,
    "fit": LoadFit,
    "end": End,
}
"""The record of each line of a raw file, by the line's tag `record`."""
FORMER_TAGS = {"aftermath": "post-load", "explanation": "trace"}
"""Tags of older raw files, which are still read."""
TAGS = {record: tag for tag, record in RECORDS.items()}
