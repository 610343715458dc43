"""Who holds what grew, as a traced process answers it: containers, lost objects, packages."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Package:
    """An installed distribution."""

    name: str
    """The distribution's name."""
    version: str
    """The installed version."""
    tracker: str | None
    """The link that its metadata states for issues, else for its source; None: neither."""


@dataclass(frozen=True, slots=True)
class CalledFunction:
    """A function of C that an allocating line calls."""

    function: str
    """The function's name with its module, such as `ujson.dumps`."""
    package: Package | None


class CodeKind(StrEnum):
    """Whose code it is."""

    APP = "app"
    PACKAGE = "package"
    LIBRARY = "standard library"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose code owns a container."""

    kind: CodeKind
    module: str
    """The module of the nearest class or function on the path, else that of its root."""
    package: Package | None
    """The distribution of a package's module; None where none claims its file."""
    is_in_app: bool
    """Whether the path begins in the app."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A container that got longer since the baseline."""

    path: str | None
    """The path from a root, as code: `app.SESSIONS`; None where only C code refers to it."""
    kind: str
    """`dict`, `list`, `lru_cache`, ..."""
    entries_before: int
    entries_after: int
    held_bytes: int
    """Bytes that its new entries hold, estimated from a sample."""
    entries: str
    """The commonest type of an entry."""
    limit: int | None
    """The most entries that it takes; None where it has no limit."""
    owner: Owner | None = None
    """Whose code it is; None where that is not known."""


@dataclass(frozen=True, slots=True)
class ObjectGrowth:
    """Objects of a type, more than at the baseline."""

    type: str
    count: int
    path: str | None = None
    """The path from a root to the newest of them; None where nothing in Python refers to them."""


@dataclass(frozen=True, slots=True)
class HolderSearch:
    """What a search from the roots of all workers found."""

    holders: tuple[Holder, ...]
    """Containers, the one with the most bytes first."""
    lost: tuple[ObjectGrowth, ...]
    """Objects to which nothing in Python refers."""
    examples: tuple[ObjectGrowth, ...]
    """Types with the most new objects, each with one path."""
    limit: str | None
    """Why the search ended early; None when it met everything."""


class NamedKind(StrEnum):
    """What a process may have ever more of."""

    TASK = "task"
    THREAD = "thread"
    DESCRIPTOR = "descriptor"
    SOCKET = "socket"
    PROCESS = "process"
    FILE = "file"
    KERNEL = "kernel"


@dataclass(frozen=True, slots=True)
class NamedGrowth:
    """Things of one name, more than at the baseline."""

    kind: NamedKind
    name: str
    """A coroutine, a thread's function, a peer, a command, a file: as the process knows it."""
    before: int
    """A count; of files and of the kernel's memory bytes."""
    after: int
    waits: tuple[str, ...]
    """`file:line` at which the newest waits, the innermost first; none where that is not known."""
    made: tuple[str, ...]
    """`file:line` that made the newest, the innermost first; none where that is not known."""

    @property
    def more(self) -> int:
        return self.after - self.before
