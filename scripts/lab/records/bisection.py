"""A bisection: the points that may be measured, what each keeps a request, and what came out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from lab.records.experiment import HostInfo

SCHEMA_VERSION = 1


class PointKind(StrEnum):
    """What the points of a bisection are."""

    RELEASE = "release"
    PYTHON = "python"
    COMMIT = "commit"

    @property
    def noun(self) -> str:
        """What a sentence calls one point."""
        return "Python" if self is PointKind.PYTHON else self.value


class PointState(StrEnum):
    """What a measurement says of a point."""

    GOOD = "good"
    BAD = "bad"
    UNCLEAR = "unclear"
    """Measured, and too near to the middle between good and bad."""
    UNKNOWN = "unknown"
    """It could not be installed or run."""
    OPEN = "not measured"


class SearchKind(StrEnum):
    """Which change is looked for."""

    FIRST_BAD = "first bad"
    FIRST_MENDED = "first mended"


@dataclass(frozen=True, slots=True)
class Point:
    """One release, interpreter or commit that may be measured."""

    label: str
    """The version, the commit's hash, or the interpreter, such as `3.8`."""
    date: str | None = None
    """The day on which it appeared, `2023-01-31`."""
    link: str | None = None
    """Its page."""
    has_wheel: bool = True
    """Whether it installs here without being built."""
    notes: tuple[str, ...] = ()
    """What else is known of it, such as `yanked`."""
    fault: str | None = None
    """Why it cannot be installed here, known before it is tried."""


@dataclass(frozen=True, slots=True)
class Ends:
    """The points that are measured first, as positions in the list of all."""

    bad: int
    """Where the leak was seen."""
    good: int | None
    """Where it should not be, before or behind the bad one; None: there is none before."""
    newest: int | None
    """Where it may be mended; None: nothing behind the bad end is asked for."""

    def all(self) -> list[int]:
        """The positions of all ends, each once, the bad one first."""
        ends = (self.bad, self.good, self.newest)
        return list(dict.fromkeys(each for each in ends if each is not None))


@dataclass(frozen=True, slots=True)
class PointMeasurement:
    """What one short run of a point kept, in bytes a request."""

    requests: int
    """Completed in the part that no trace disturbs."""
    live_bytes: float
    """Gained by both allocators."""
    error_bytes: float
    """Standard error of `live_bytes`, from the blocks of the run."""
    sites: Mapping[str, float]
    """Bytes a request that Python's own trace saw, by allocation site."""
    is_traced: bool = True
    """Whether the trace answered; where it did not, no site is known."""
    lines: Mapping[str, str] = field(default_factory=dict)
    """The line of each site that left most."""
    python: str = ""
    packages: Mapping[str, str] = field(default_factory=dict)
    """Installed versions by name."""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class MeasuredPoints:
    """What `points.json` holds: all that was measured, from which the answer is rebuilt."""

    schema_version: int
    started_at: str
    """ISO 8601, UTC."""
    command: str
    git_commit: str | None
    """The lab's commit; None: not known."""
    host: HostInfo
    app: str
    package: str
    kind: PointKind
    left_out: tuple[str, ...]
    """Sentences on what was not taken as a point."""
    points: tuple[Point, ...]
    """All points, the oldest first."""
    ends: Ends
    runs: Mapping[str, tuple[PointMeasurement, ...]]
    """By the point's label."""
    faults: Mapping[str, str]
    """Why a point could not be measured, by its label."""
    earlier_runs: int
    """Runs that an earlier bisection had measured, a count."""
    seconds: float
    """How long the whole search took."""


@dataclass(frozen=True, slots=True)
class Leak:
    """The growth that is followed through the points: always the same allocation site."""

    site: str
    """The allocation site, `native memory`, or `all that is live` where nothing traced."""
    line: str
    """The site with its line, at the bad end."""
    good_bytes: float
    """Bytes a request at the good end; 0 where no good end is known."""
    bad_bytes: float
    """Bytes a request at the bad end."""


@dataclass(frozen=True, slots=True)
class PointResult:
    """A point, and what came out of it."""

    point: Point
    """What may be measured."""
    state: PointState
    """What its measurements say."""
    runs: int = 0
    """How often it was measured, a count."""
    leak_bytes: float | None = None
    """Bytes a request of the leak that is followed; the mean where it ran more than once."""
    live_bytes: float | None = None
    """Bytes a request of everything live."""
    reason: str | None = None
    """Why it is unknown."""
    moved: Mapping[str, str] = field(default_factory=dict)
    """Other packages that had to have another version than in the app's own environment."""


@dataclass(frozen=True, slots=True)
class Change:
    """What one search found: the last point of one kind and the first of the other."""

    kind: SearchKind
    """Which change was looked for."""
    before: str | None
    """The last measured point before the change; None: there is none."""
    after: str | None
    """The first measured point behind the change; None: there is none."""
    between: tuple[str, ...] = ()
    """Points between the two: each failed, or stands in a short row between two that failed."""
    certainty: float = 0.0
    """Probability that the change lies there."""
    contradictions: tuple[str, ...] = ()
    """Sentences on points that contradict one single change."""
    searched_points: int = 0
    """Points from the good end to the bad one, both among them, a count."""
    measured_points: int = 0
    """Those of which at least one run was measured, a count."""


@dataclass(frozen=True, slots=True)
class Bisection:
    """The whole answer, from which the page is written."""

    schema_version: int
    """The version of this document's shape."""
    app: str
    """The app's name."""
    package: str
    """The package that was searched; `Python` where the points are interpreters."""
    kind: PointKind
    """What the points are."""
    leak: Leak | None
    """The growth that was followed; None: the ends do not differ."""
    changes: tuple[Change, ...]
    """What each search found."""
    points: tuple[PointResult, ...]
    """All points, the oldest first."""
    left_out: tuple[str, ...]
    """Sentences on what was not taken as a point."""
    said: tuple[str, ...]
    """The answer in sentences, the most important first."""
    measured_points: int
    """Points of which at least one run was measured, a count."""
    seconds: float
    """How long the whole search took."""
    exit_code: int
    """0: a change was found, 2: none, or not surely."""
    earlier_runs: int = 0
    """Runs that an earlier bisection had measured, which took no time in this one, a count."""
