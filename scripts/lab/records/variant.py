"""What a variant is: its coordinates in the matrix, its own load, its scenario."""

from dataclasses import dataclass
from enum import StrEnum


class Connection(StrEnum):
    """Whether a request opens its own connection, as the thread's client did."""

    CLOSE = "close"
    KEEP_ALIVE = "keep-alive"


class RequestKind(StrEnum):
    """What a request carries."""

    GET = "get"
    UPLOAD = "upload"
    """A file as `multipart/form-data`."""


class Scenario(StrEnum):
    """What happens after the last quiet."""

    MASTER_KILLED = "master-killed"
    """SIGKILL to the server's master; then a look at who still serves and holds memory."""
    GIVE_BACK = "give-back"
    """Each worker collects garbage and asks its allocator to trim."""
    TRACED = "traced"
    """From the baseline on each worker remembers who allocates; then it says what is still there.
    It slows the app and adds memory: such a trial explains and is not judged."""


@dataclass(frozen=True, slots=True)
class LoadShape:
    """A variant's own load; None: as the settings say."""

    requests: int | None = None
    concurrency: int | None = None
    connection: Connection | None = None
    blocks: int | None = None
    kind: RequestKind = RequestKind.GET
    companion: str | None = None
    """A second path that is asked for meanwhile, one request at a time."""
    exact: bool = False
    """Whether nothing is added to it, however open the verdict: its numbers are compared with a
    published load's."""


@dataclass(frozen=True, slots=True)
class Axes:
    """The coordinates of a variant in the matrix, read from its service's labels."""

    python: str
    stack: str
    framework: str
    server: str
    endpoint: str
    workload: str
    workers: int
    host_cpus: int | None
    """CPUs shown to the variant; None: the host's own."""
    pool_threads: int | None
    """The pool that runs the workload, when the command (`--threads`) or LAB_POOL fixes it."""
    suite: str
    """The names of its suites, separated by spaces."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One service of compose.yaml that is measured."""

    name: str
    axes: Axes
    image: str
    memory_limit_bytes: int
    path: str
    """The endpoint that the load asks for, e.g. `/sync/lists`."""
    load: LoadShape = LoadShape()
    scenario: Scenario | None = None
    needs: tuple[str, ...] = ()
    """Other services that must answer before it starts, e.g. `postgres`."""
