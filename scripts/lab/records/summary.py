"""The records of `summary.json`: everything here is derived and can be rebuilt from raw files.

The published contract is `summary.schema.json` beside this module. Names and nesting are the
JSON's own; bytes are integers, seconds are floats.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from lab.records.app_answer import AppAnswer
from lab.records.claims import Claim, Topic
from lab.records.experiment import EngineInfo, HostInfo, Missing
from lab.records.judgement import Interval, Verdict
from lab.records.trial import Prediction

SCHEMA_VERSION = "1.3"


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
class RequestCounts:
    """Counts of the load, without the warm-up."""

    sent: int
    ok: int
    failed: int
    failures: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ThreadCounts:
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
    requests: RequestCounts
    growth_bytes_per_request: Interval | None
    troughs_bytes: tuple[int, ...]
    """Baseline first, then one a block."""
    threads: ThreadCounts
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
    requests: RequestCounts
    memory_bytes: Memory | None
    memory_limit_bytes: int
    prediction: Prediction
    growth_bytes_per_request: Interval | None
    threads: ThreadCounts
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
class ImageBase:
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
    bases: tuple[ImageBase, ...]
    git_commit: str | None
    command: str
    settings: Mapping[str, str | int | float | bool | None]
    lock_hashes: Mapping[str, str]
    missing: tuple[Missing, ...]
    exit_code: int
    comparison: Comparison | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """The whole of `summary.json`."""

    schema_version: str
    run: RunInfo
    variants: tuple[VariantSummary, ...]
    claims: tuple[Claim, ...]
    topics: tuple[Topic, ...] = ()
    own: AppAnswer | None = None
    """In a run of an own app."""
