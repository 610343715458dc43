"""What a variant is: its coordinates in the matrix, its own load, its scenario."""

from dataclasses import dataclass
from enum import StrEnum

from lab.records.numbers import Count, Positive

USER_APP_STACK = "own"
"""Stack of a user app, whose server is not known."""


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
    """What happens after the last cooldown, or during a traced trial.

    `master-killed`: SIGKILL to the server's master, then a reading of who still serves and holds
    memory. `give-back`: each worker collects garbage and asks its allocator to trim. `traced`: from
    the baseline on each worker records who allocates, which slows the app and adds memory, so such
    a trial finds causes and is not judged.
    """

    MASTER_KILLED = "master-killed"
    GIVE_BACK = "give-back"
    TRACED = "traced"


@dataclass(frozen=True, slots=True)
class LoadShape:
    """A variant's own load; None: the setting's value."""

    requests: int | None = None
    concurrency: int | None = None
    connection: Connection | None = None
    blocks: int | None = None
    kind: RequestKind = RequestKind.GET
    companion: str | None = None
    """A second path that gets one request after the other during the load."""
    exact: bool = False
    """Whether the load is never extended, however open the verdict: its numbers are compared with
    those of a published load."""


@dataclass(frozen=True, slots=True)
class Axes:
    """The coordinates of a variant in the matrix, read from its service's labels."""

    python: str
    """Python's minor version, e.g. `3.7`."""
    stack: str
    """The locked set of packages."""
    framework: str
    """The web framework."""
    server: str
    """The server, e.g. `gunicorn-uvicorn`."""
    endpoint: str
    """How the endpoint is called: `sync`, `async`, ..."""
    workload: str
    """What the endpoint does."""
    workers: Positive
    """Worker processes, a count."""
    host_cpus: Positive | None
    """CPUs shown to the variant, a count; None: the host's own."""
    pool_threads: Count | None
    """Threads of the pool that runs the workload, a count; None: neither the command's `--threads`
    nor LAB_POOL sets it."""
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
    """Path of the load's requests, e.g. `/sync/lists`."""
    load: LoadShape = LoadShape()
    scenario: Scenario | None = None
    needs: tuple[str, ...] = ()
    """Other services that must answer before it starts, e.g. `postgres`."""

    @property
    def is_user_app(self) -> bool:
        """Whether it is described by a lab.toml and not by compose.yaml."""
        return self.axes.stack == USER_APP_STACK
