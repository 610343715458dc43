"""What was observed of a running variant; nothing derived is here."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lab.records.former_keys import formerly, written_as
from lab.records.holders import CalledFunction, HolderSearch, NamedGrowth, Package
from lab.records.variant import Scenario


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading of a variant by the engine: of its cgroup, or of its process tree.

    `memory_bytes` is what `docker stats` prints: usage without inactive page cache. Of a process
    tree it is the sum of PSS without the pages of files, and `usage_bytes` is the sum with them.
    A field that the engine did not give is None, never 0.
    """

    read_at_seconds: float
    """Unix time at which the engine took the reading."""
    memory_bytes: int
    usage_bytes: int
    limit_bytes: int | None
    anon_bytes: int | None
    file_bytes: int | None
    inactive_file_bytes: int
    kernel_bytes: int | None
    shmem_bytes: int | None
    peak_bytes: int | None
    """The kernel's high-water mark; None where there is none (a payload of cgroup v2)."""
    pids: int | None
    """Tasks (threads and processes) of the whole variant."""
    cpu_seconds: float
    cpu_user_seconds: float
    cpu_system_seconds: float
    source: str
    """Which counters it came from: `cgroup-v1`, `cgroup-v2`, `process-pss-anon`, ..."""
    rss_bytes: int | None = None
    """The sum of RSS over a process tree."""


@dataclass(frozen=True, slots=True)
class ProcessReading:
    """One process of the variant, read from its own /proc."""

    pid: int
    parent_pid: int
    started_at_seconds: float
    name: str
    threads: int
    rss_bytes: int | None
    pss_bytes: int | None
    descriptors: int | None


@dataclass(frozen=True, slots=True)
class WorkerReading:
    """The allocator and interpreter of one worker, as the worker itself reports them."""

    pid: int
    started_at_seconds: float
    in_use_bytes: int | None
    """`uordblks` of mallinfo: allocated by the program."""
    free_bytes: int | None
    """`fordblks`: free in the allocator."""
    mmapped_bytes: int | None
    arenas: int | None
    allocated_blocks: int | None
    gc_counts: tuple[int, ...]
    sockets: int | None = None
    """Open sockets; like the next two only from a probe that is attached from outside."""
    python_threads: int | None = None
    collected: int | None = None
    """Objects that the collector found unreachable since the start."""
    python_in_use_bytes: int | None = None
    """Live in Python's own allocator of small objects, which malloc does not count."""
    python_free_bytes: int | None = None
    """Free in the arenas of Python's own allocator."""

    @property
    def live_bytes(self) -> int | None:
        """Allocated and not freed, by both allocators; None where a part is not known."""
        parts = (self.in_use_bytes, self.mmapped_bytes, self.python_in_use_bytes)
        return None if None in parts else sum(size for size in parts if size is not None)

    @property
    def free_in_allocator_bytes(self) -> int | None:
        """Free in both allocators, as far as it is known; None where malloc's part is not."""
        if self.free_bytes is None:
            return None
        return self.free_bytes + (self.python_free_bytes or 0)


@dataclass(frozen=True, slots=True)
class ProbeReading:
    """What a probe reads at one moment: the process tree once, each worker for itself."""

    read_at_seconds: float
    processes: tuple[ProcessReading, ...]
    workers: tuple[WorkerReading, ...]
    peak_bytes: int | None
    oom_kills: int | None
    memory_bytes: int | None = None
    """What `docker stats` would print at that moment; None where the cgroup's counters cannot be
    read from inside."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What the workload retains in a process of its own, measured before any load.

    Bytes are differences of PSS without the pages of files. `thread_*` is a new thread that ran
    the workload once and waits; `loop_*` is the main thread.
    """

    thread_retained_bytes: int = field(metadata=written_as("thread_kept_bytes"))
    loop_retained_bytes: int = field(metadata=written_as("loop_kept_bytes"))
    request_bytes: int
    """Memory of one call while it runs."""
    arena_limit: int | None
    cpu_count: int


@dataclass(frozen=True, slots=True)
class KindCounts:
    """What came of one kind of request of a user app in one block."""

    outcomes: Mapping[str, int]
    """Requests by status, or by why none came: `200`, `500`, `timeout`, ..."""
    failed: int
    """Those of them that were not served as expected."""
    body_bytes: int
    """Bytes of all bodies of its responses, as they were framed."""
    first_refused: str = ""
    """The beginning of the first body that came with a status that was not expected."""


@dataclass(frozen=True, slots=True)
class Block:
    """One equal share of the load, as the client saw it."""

    index: int
    started_at_seconds: float
    ended_at_seconds: float
    sent: int
    ok: int
    failures: Mapping[str, int]
    """Failed requests by kind: `refused`, `reset`, `timeout`, `status-500`, ..."""
    latency_seconds: Mapping[str, float]
    """`p50`, `p95`, `max` of the completed requests."""
    driver_busy: float
    """Share of one core that the driver's process used meanwhile."""
    companion_seconds: Mapping[str, float] = field(default_factory=dict)
    """Latency of the companion meanwhile: `p50`, `p95`, `max` of those that were answered."""
    companion_requests: Mapping[str, int] = field(default_factory=dict)
    """`ok` and `failed` requests of the companion."""
    kinds: Mapping[str, KindCounts] = field(default_factory=dict)
    """The kinds of requests of a user app by method and path; empty for the matrix."""


@dataclass(frozen=True, slots=True)
class Trough:
    """The reading at the end of a cooldown; index -1 is the baseline."""

    index: int
    sample: Sample
    probe: ProbeReading | None
    cooldown_seconds: float = field(metadata=formerly("quiet_seconds"))
    stable: bool = field(metadata=formerly("still"))
    """Whether memory, threads and descriptors were stable before the deadline."""
    full: bool = True
    """Whether the server's own timers had run out; else it was only waited until all was stable.
    A block may have one trough of each kind, the full one last."""


@dataclass(frozen=True, slots=True)
class PostLoadObservation:
    """What was observed some time after a post-load action."""

    scenario: Scenario
    waited_seconds: float
    memory_before_bytes: int | None
    memory_after_bytes: int | None
    before: ProbeReading | None
    after: ProbeReading | None
    asked: int
    """Health requests that were sent to the server after the action."""
    answered: int
    tasks_before: int | None = None
    tasks_after: int | None = None
    """Threads and processes after the action, by the engine's count, which needs no probe; 0: all
    have ended."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A time in which the lab took no readings on purpose, so that no reading is missing."""

    started_at_seconds: float
    ended_at_seconds: float


@dataclass(frozen=True, slots=True)
class TracedLine:
    """What one line of code allocated since the baseline and has not freed."""

    bytes: int
    count: int
    frames: tuple[str, ...]
    """`file:line`, the innermost first."""
    package: Package | None = None
    """The distribution that the innermost frame's file is of."""
    calls: tuple[CalledFunction, ...] = ()
    """Functions of C that the innermost line refers to."""


@dataclass(frozen=True, slots=True)
class AllocationTrace:
    """What all workers of a traced trial gained since the baseline."""

    tracer: str
    """`tracemalloc`, `memray`."""
    requests: int
    """Requests completed since the baseline."""
    allocated_bytes: int
    lines: tuple[TracedLine, ...]
    types: Mapping[str, int]
    """Objects gained of each type, as far as the garbage collector counts them."""
    search: HolderSearch | None = None
    """The holders that the tracer found; None where it searches for none."""
    garbage: Mapping[str, int] = field(default_factory=dict)
    """Objects of each type that only the collector freed at the end, as `types` counts them."""
    more: tuple[NamedGrowth, ...] = ()
    """What there is more of by name, the most of each kind first."""
