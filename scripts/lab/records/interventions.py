"""Causes of growth, and what one run of a user app changed to tell them apart."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from lab.records.former_keys import formerly
from lab.records.variant import Connection
from lab.units import KIB


class Cause(StrEnum):
    """The closed set of causes."""

    THREAD_ARENAS = "thread arenas"
    LIVE_OBJECTS = "live Python objects"
    NATIVE = "native memory"
    FRAGMENTATION = "fragmentation"
    PAGE_CACHE = "page cache"
    THREADS = "threads that do not end"
    PROCESSES = "processes left behind"
    DESCRIPTORS = "descriptors"
    SOCKETS = "sockets held open"
    KERNEL = "kernel memory"
    COPIED_PAGES = "pages copied after fork"


Causes = tuple[Cause, ...]
RETAINED_CAUSES: Causes = (Cause.THREAD_ARENAS, Cause.FRAGMENTATION)
"""Causes whose memory is free in the allocator."""
MALLOC_THRESHOLD_BYTES = 128 * KIB
"""glibc's initial value of the thresholds for mapping and trimming; setting one ends their
automatic adjustment."""
CONTROL = "control"
"""Suffix of the control run: the unchanged app once more, measured together with the changes."""
FORMER_CONTROL = "beside"
"""The same, of older runs."""
AGAIN = "again"
"""Suffix of the variant that repeats an app with a higher limit of memory."""
NEWEST_RELEASE = "newest-release"
"""The name of the app with the newest release of what holds a leak."""


@dataclass(frozen=True, slots=True)
class Release:
    """The newest release of a package that installs beside the rest, in place of another."""

    package: str
    """The distribution's name; `Python` for a newer interpreter."""
    installed: str
    """The version that the app has."""
    newest: str


@dataclass(frozen=True, slots=True)
class Intervention:
    """The same app with one thing changed."""

    name: str
    """Suffix of the variant's name, e.g. `one-arena`."""
    line: str
    """The line to paste, and where it goes."""
    proves: Causes
    environment: Mapping[str, str] = field(default_factory=dict)
    command: str | None = None
    """A command in place of the app's own."""
    connection: Connection | None = None
    """The connection of all its requests; None: the app's own."""
    concurrency: int | None = None
    is_cure: bool = True
    """Whether the change is something to keep; one that is not only tells causes apart."""
    stops: Causes = ()
    """Causes that it ends without telling them apart, like replacing the workers: a stop-gap."""
    release: Release | None = None
    """Set where another release is what is changed."""
    lowers_level: bool = False
    """Whether it saves of what all processes hold from their start on, and not of the growth."""
    is_last: bool = False
    """Whether it runs after the others, by itself: what holds the memory has to be known."""

    @property
    def is_stop_gap(self) -> bool:
        """Whether it ends growth of many causes, so that it proves none."""
        return bool(self.stops)


@dataclass(frozen=True, slots=True)
class KindApart:
    """A run of one kind of an app's requests alone."""

    variant: str
    kind: str
    """Method and path."""
    share: float
    """Its part of the app's requests, of 1."""


@dataclass(frozen=True, slots=True)
class InterventionPlan:
    """The changes of one run, from which its answer can be rebuilt with the raw files."""

    name: str
    """The app's."""
    base: str
    """The variant that is the app as it is."""
    control: str = field(metadata=formerly("beside"))
    """The control run: the app as it is once more, at the same time as the changes."""
    traced: tuple[str, ...]
    """Variants whose allocations were traced."""
    changes: tuple[Intervention, ...]
    """Each is the variant `<base>-<its name>`."""
    no_release: str | None = None
    """Why the newest release of what holds the memory was not run; None: it was, or none is due."""
    repetition: str | None = field(default=None, metadata=formerly("again"))
    """The app as it is with a higher limit, where its first trial met its own; it is judged."""
    apart: tuple[KindApart, ...] = ()
    """The kinds of requests that were sent alone, as their mix leaks."""

    def variant(self, change: Intervention) -> str:
        return f"{self.base}-{change.name}"
