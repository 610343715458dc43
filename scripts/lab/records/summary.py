"""The records of `summary.json`: everything here is derived and can be rebuilt from raw files.

The published contract is `summary.schema.json` beside this module. Names and nesting are the
JSON's own; bytes are integers, seconds are floats.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from lab.records.observations import Prediction as Prediction

SCHEMA_VERSION = "1.3"


class Verdict(str, Enum):
    """What the troughs say of a variant's memory."""

    FLAT = "flat"
    BOUNDED = "bounded"
    LEAK = "leak"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its interval; unit: bytes a request."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes, as `docker stats` would have printed them; the peak is the kernel's own."""

    baseline: int
    settled: int
    peak: int | None
    growth: int
    peak_file: int | None
    """Page cache at the settled reading, which a peak counts and the other numbers do not."""


@dataclass(frozen=True, slots=True)
class Requests:
    """Counts of the load, without the warm-up."""

    sent: int
    ok: int
    failed: int
    failures: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Threads:
    """Tasks of the whole variant."""

    baseline: int | None
    settled: int | None


@dataclass(frozen=True, slots=True)
class CpuSeconds:
    """CPU time of the variant between baseline and settled."""

    user: float
    system: float


@dataclass(frozen=True, slots=True)
class TrialSummary:
    """One trial's own numbers."""

    trial: int
    verdict: Verdict
    reason: str
    end: str
    """How it ended: `complete`, `died`, ..."""
    memory_bytes: Memory | None
    requests: Requests
    growth_bytes_per_request: Interval | None
    troughs_bytes: tuple[int, ...]
    """Baseline first, then one a block."""
    threads: Threads
    elapsed_seconds: float | None
    log_tail: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PostLoadSummary:
    """What was left some time after a scenario's act."""

    scenario: str
    waited_seconds: float
    memory_before_bytes: int | None
    memory_after_bytes: int | None
    processes_before: int | None
    processes_after: int | None
    asked: int
    answered: int


@dataclass(frozen=True, slots=True)
class VariantSummary:
    """One variant: its verdict, and numbers that are the median over its trials."""

    name: str
    axes: Mapping[str, str | int | None]
    trials: tuple[TrialSummary, ...]
    verdict: Verdict
    reason: str
    cause: str | None
    requests: Requests
    memory_bytes: Memory | None
    memory_limit_bytes: int
    prediction: Prediction
    growth_bytes_per_request: Interval | None
    threads: Threads
    processes: int | None
    cpu_seconds: CpuSeconds | None
    elapsed_seconds: float | None
    """Wall time of the load alone, quiet left out."""
    latency_seconds: Mapping[str, float]
    versions: Mapping[str, str]
    """Python, libc and the packages that matter, as the variant itself said."""
    caveats: tuple[str, ...]
    load: Mapping[str, str | int]
    """`requests`, `concurrency`, `connection` and `blocks` that were asked for."""
    oom_kills: int | None
    """Processes that the kernel killed for memory, by the cgroup's counter; None: not read."""
    workers_lost: int | None
    """Processes of the baseline that were gone at the last trough; None: not read."""
    companion_seconds: Mapping[str, float]
    """Latency of the second endpoint: the median block's p50 and p95, and the maximum."""
    aftermath: PostLoadSummary | None


@dataclass(frozen=True, slots=True)
class Missing:
    """A variant that was asked for and never ran."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """Who ran the variants."""

    kind: str
    version: str
    cgroup: str
    notes: tuple[str, ...] = ()
    """What was kept in another way than a container keeps it, or not at all; a sentence each."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A variant as another engine saw it."""

    name: str
    verdict: Verdict
    settled_bytes: int | None
    growth_bytes: int | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A run of the same variants and settings on the same machine, by another engine."""

    run: str
    engine: EngineInfo
    variants: tuple[Compared, ...]


@dataclass(frozen=True, slots=True)
class HostInfo:
    """The machine."""

    cpus: int
    memory_bytes: int
    kernel: str
    cpu_model: str


@dataclass(frozen=True, slots=True)
class Base:
    """Where an image came from: `official` with a digest, a `stand-in`, or `local`: no image."""

    image: str
    kind: str
    reference: str


@dataclass(frozen=True, slots=True)
class RunInfo:
    """One execution of a suite."""

    id: str
    suite: str
    started_at: str
    """ISO 8601, UTC."""
    elapsed_seconds: float | None
    partial: bool
    engine: EngineInfo
    host: HostInfo
    host_cpus_shown: int | None
    bases: tuple[Base, ...]
    git_commit: str | None
    command: str
    settings: Mapping[str, str | int | float | bool | None]
    lock_hashes: Mapping[str, str]
    missing: tuple[Missing, ...]
    exit_code: int
    comparison: Comparison | None = None


class Outcome(str, Enum):
    """What a run says of a statement."""

    REPRODUCED = "reproduced"
    REFUTED = "refuted"
    CONDITIONAL = "conditional"
    """True under a condition that the reason names; both of its sides were measured."""
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One variant that a claim was decided with."""

    role: str
    """What it stands for in the claim's rules."""
    variant: str
    trials: int
    numbers: Mapping[str, str | int | float | bool | None]
    """The quantities that the claim names of it; None: not known."""


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """A number that the thread published, with what was predicted and measured here."""

    role: str
    quantity: str
    published: float
    predicted: float | None
    measured: float | None


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement of the thread and what the lab found."""

    id: str
    statement: str
    outcome: Outcome
    reason: str
    evidence: tuple[Evidence, ...]
    differs: str
    """The one thing in which its variants differ."""
    measured: str
    """The quantity that decides."""
    condition: str
    """What must hold for it to be reproduced, in words."""
    opposite: str
    """What would have to be measured for the opposite."""
    rules: Mapping[str, str]
    """The rule of each possible outcome."""
    rows: tuple[ClaimRow, ...]


@dataclass(frozen=True, slots=True)
class Position:
    """What one claim says on a question."""

    claim: str
    says: str


@dataclass(frozen=True, slots=True)
class Topic:
    """A question on which the thread contradicts itself."""

    question: str
    positions: tuple[Position, ...]


@dataclass(frozen=True, slots=True)
class OwnCause:
    """Who holds the memory of an own app."""

    cause: str
    standing: str
    """`proven` or `likely`."""
    evidence: str
    proof: str
    """What confirmed it; what would, when nothing did."""


@dataclass(frozen=True, slots=True)
class OwnChange:
    """The same app with one thing changed, beside it as it is; over the whole load."""

    line: str
    """What one would paste, and where."""
    is_cure: bool
    """Whether it is something to keep; else it only tells."""
    gained_bytes: float
    saved_bytes: float
    rate: float | None
    """Requests a second, relative to the app as it is."""


@dataclass(frozen=True, slots=True)
class OwnLine:
    """A line that still holds what it allocated."""

    place: str
    bytes: int
    count: int


@dataclass(frozen=True, slots=True)
class OwnAnswer:
    """What `make try` says of an app: its verdict, the causes, what helps."""

    app: str
    variant: str
    """The app as it is."""
    verdict: Verdict
    reason: str
    requests: int
    causes: tuple[OwnCause, ...]
    no_cause: str | None
    """Why there is none."""
    helps: str
    changes: tuple[OwnChange, ...]
    """The cures first, by what they are worth."""
    lines: tuple[OwnLine, ...]
    types: Mapping[str, int]
    """Objects more than at the baseline."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The whole of `summary.json`."""

    schema_version: str
    run: RunInfo
    variants: tuple[VariantSummary, ...]
    claims: tuple[Claim, ...]
    topics: tuple[Topic, ...] = ()
    own: OwnAnswer | None = None
    """In a run of an own app."""


@dataclass(frozen=True, slots=True)
class MemoryCurve:
    """What a figure needs of one trial; times are seconds since the trial's baseline."""

    variant: str
    trial: int
    seconds: tuple[float, ...]
    memory_bytes: tuple[int, ...]
    block_spans_seconds: tuple[tuple[float, float], ...]
    trough_seconds: tuple[float, ...]
    trough_bytes: tuple[int, ...]
    watched_seconds: tuple[float, ...] = ()
    """`seconds` without the lab's own pauses before them."""
