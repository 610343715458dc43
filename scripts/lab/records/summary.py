"""The records of `summary.json`: everything here is derived and can be rebuilt from raw files.

Names and nesting are the JSON's own; bytes are integers, seconds are floats. The published
contract, `summary.schema.json` in this folder, is generated from these types and docstrings.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from lab.errors import ExitCode
from lab.records.app_answer import AppAnswer
from lab.records.claims import Claim, Topic
from lab.records.experiment import EngineInfo, HostInfo, MissingVariant
from lab.records.judgement import Interval, Verdict
from lab.records.numbers import Bytes, Count, Positive, Seconds
from lab.records.trial import EndKind, Prediction
from lab.records.variant import Axes, Scenario

SCHEMA_VERSION = "1.4"


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory in bytes, as `docker stats` would have printed it; the peak is the kernel's own."""

    baseline: Bytes
    """After warm-up, before the load, in bytes."""
    settled: Bytes
    """After the last cooldown, in bytes."""
    peak: Bytes | None
    """The kernel's high-water mark in bytes, page cache included; None: not measured."""
    growth: int
    """Settled minus baseline, in bytes."""
    peak_file: Bytes | None
    """Page cache at the settled reading in bytes, which a peak counts; None: not measured."""


@dataclass(frozen=True, slots=True)
class RequestCounts:
    """Counts of the load, without the warm-up."""

    sent: Count
    """Requests sent, a count."""
    ok: Count
    """Requests answered with 2xx, a count."""
    failed: Count
    """Requests that failed, a count."""
    failures: Mapping[str, Count]
    """Failed requests by kind, counts."""


@dataclass(frozen=True, slots=True)
class ThreadCounts:
    """Tasks of the whole variant."""

    baseline: Count | None
    """Threads at the baseline, a count; None: not measured."""
    settled: Count | None
    """Threads after the last cooldown, a count; None: not measured."""


@dataclass(frozen=True, slots=True)
class CpuSeconds:
    """CPU time of the variant between baseline and settled."""

    user: Seconds
    """In user mode, in seconds."""
    system: Seconds
    """In the kernel, in seconds."""


@dataclass(frozen=True, slots=True)
class TrialSummary:
    """One variant, once, in a fresh container."""

    trial: Count
    """Number of the trial."""
    verdict: Verdict
    """This trial's verdict."""
    reason: str
    """Why, in one sentence."""
    end: EndKind
    """How the trial ended."""
    memory_bytes: Memory | None
    """Memory in bytes; None: not measured."""
    requests: RequestCounts
    """Counts of this trial's load."""
    growth_bytes_per_request: Interval | None
    """Bytes a request: of a leak its constant part, else the slope over the second half of the
    troughs; None: not measured."""
    troughs_bytes: tuple[Bytes, ...]
    """Memory in bytes at each trough: the baseline first, then one a block."""
    threads: ThreadCounts
    """Threads of this trial, counts."""
    elapsed_seconds: Seconds | None
    """Wall time of the load alone, in seconds; None: not measured."""
    log_tail: tuple[str, ...]
    """The last lines of the server's log."""


@dataclass(frozen=True, slots=True)
class PostLoadSummary:
    """What was left some time after a post-load action."""

    scenario: Scenario
    """The scenario whose action it was."""
    waited_seconds: float
    """Seconds between the action and the reading after it."""
    memory_before_bytes: Bytes | None
    """Memory before the action, in bytes; None: not read."""
    memory_after_bytes: Bytes | None
    """Memory after the action, in bytes; None: not read."""
    processes_before: Count | None
    """Processes before the action, a count; None: not read."""
    processes_after: Count | None
    """Processes after the action, a count; None: not read."""
    asked: Count
    """Health requests sent after the action, a count."""
    answered: Count
    """Health requests that were answered, a count."""


@dataclass(frozen=True, slots=True)
class VariantSummary:
    """One service of the matrix; numbers are the median over its trials."""

    name: str
    """The service's name."""
    axes: Axes
    """The coordinates in the matrix, from the service's labels."""
    trials: tuple[TrialSummary, ...]
    """Each trial's own numbers."""
    verdict: Verdict
    """The verdict over all trials."""
    reason: str
    """Why, in one sentence."""
    cause: str | None
    """The cause of the growth; None: not attributed."""
    requests: RequestCounts
    """Counts of the load."""
    memory_bytes: Memory | None
    """Memory in bytes; None: not measured."""
    memory_limit_bytes: Bytes
    """The container's memory limit, in bytes."""
    prediction: Prediction
    """The prediction made before the load."""
    growth_bytes_per_request: Interval | None
    """Bytes a request: of a leak its constant part, else the slope over the second half of the
    troughs; None: not measured."""
    threads: ThreadCounts
    """Threads, counts."""
    processes: Count | None
    """Processes of the variant, a count; None: not measured."""
    cpu_seconds: CpuSeconds | None
    """CPU time in seconds; None: not measured."""
    elapsed_seconds: Seconds | None
    """Wall time of the load alone, in seconds, cooldowns left out; None: not measured."""
    latency_seconds: Mapping[str, Seconds]
    """Latency of completed requests in seconds: the median block's `p50` and `p95`, and `max`."""
    versions: Mapping[str, str]
    """Versions of Python, libc and packages, as the variant itself reported."""
    caveats: tuple[str, ...]
    """What weakens the numbers, a sentence each."""
    load: Mapping[str, str | int]
    """The load that was set: `requests`, `concurrency`, `connection`, `blocks`."""
    oom_kills: Count | None
    """Processes that the kernel killed for memory, by the cgroup's counter; None: not read."""
    workers_lost: Count | None
    """Processes of the baseline that were gone at the last trough; None: not read."""
    companion_seconds: Mapping[str, float]
    """Latency in seconds of the second endpoint under load: the median block's `p50` and `p95`,
    and `max`; empty without one."""
    post_load: PostLoadSummary | None
    """What was left some time after a post-load action; None: there was no action."""


@dataclass(frozen=True, slots=True)
class ComparedVariant:
    """A variant as another engine saw it."""

    name: str
    """The variant's name."""
    verdict: Verdict
    """Its verdict on the other engine."""
    settled_bytes: int | None
    """Settled memory on the other engine, in bytes; None: not measured."""
    growth_bytes: int | None
    """Growth on the other engine, in bytes; None: not measured."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A run of the same variants and settings on the same machine, by another engine."""

    run: str
    """The other run's folder."""
    engine: EngineInfo
    """The engine of the other run."""
    variants: tuple[ComparedVariant, ...]
    """The variants that both runs have."""


@dataclass(frozen=True, slots=True)
class ImageBase:
    """What an image was built on."""

    image: str
    """The image."""
    kind: str
    """`official`, `stand-in`, or `local` (no image: this machine's own interpreter)."""
    reference: str
    """The digest, or what the base was made from."""


@dataclass(frozen=True, slots=True)
class Sitting:
    """A part of a run that was interrupted and went on."""

    started_at: str
    """Start in UTC, ISO 8601."""
    trials: tuple[str, ...]
    """The trials that began in it, each a variant's name and a number."""


@dataclass(frozen=True, slots=True)
class RunInfo:
    """One execution of a suite."""

    id: str
    """The run's folder under `results/`."""
    suite: str
    """The suite's name."""
    started_at: str
    """Start in UTC, ISO 8601."""
    elapsed_seconds: Seconds | None
    """Wall time of the run in seconds; None: not known."""
    partial: bool
    """Whether the run ended before everything was measured."""
    engine: EngineInfo
    """The engine that ran the variants."""
    host: HostInfo
    """The machine."""
    host_cpus_shown: Positive | None
    """CPUs shown to the variants, a count; None: the host's own, or not the same for all."""
    bases: tuple[ImageBase, ...]
    """The bases of the images."""
    git_commit: str | None
    """The lab's commit; None: not known."""
    command: str
    """The command that started the run, as the run's own files name it; nothing checks it."""
    settings: Mapping[str, str | int | float | bool | None]
    """The settings by name."""
    lock_hashes: Mapping[str, str]
    """Hashes of the lock files by name."""
    missing: tuple[MissingVariant, ...]
    """Variants that never ran."""
    exit_code: ExitCode
    """0 decided, 1 FAIL_ON names an answer, 2 undecided, 3 incomplete, 64 usage, 70 internal,
    130 interrupted."""
    sittings: tuple[Sitting, ...] = ()
    """The parts of a run that was interrupted and went on; empty for a run in one piece."""
    comparison: Comparison | None = None
    """The same variants and settings on the same machine by another engine; None: no such run."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything derived of one run; bytes are integers, seconds are numbers."""

    schema_version: str
    """Version of this contract."""
    run: RunInfo
    """The run."""
    variants: tuple[VariantSummary, ...]
    """Every variant that ran."""
    claims: tuple[Claim, ...]
    """The claims that were checked."""
    topics: tuple[Topic, ...] = ()
    """Questions on which the thread contradicts itself, and all of whose claims were judged."""
    own: AppAnswer | None = None
    """The answer about a user app; None: the run measured the matrix."""
