"""The answer of `make try`: the verdict on a user app, its causes, and what helps."""

from collections.abc import Mapping
from dataclasses import dataclass

from lab.records.holders import Package
from lab.records.judgement import Verdict


@dataclass(frozen=True, slots=True)
class AppCause:
    """Who holds the memory of an own app."""

    cause: str
    standing: str
    """`proven` or `likely`."""
    evidence: str
    proof: str
    """What confirmed it; what would, when nothing did."""


@dataclass(frozen=True, slots=True)
class AppChange:
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
class AppLine:
    """A line that still holds what it allocated."""

    place: str
    bytes: int
    count: int


@dataclass(frozen=True, slots=True)
class AppAnswer:
    """What `make try` says of an app: its verdict, the causes, what helps."""

    app: str
    variant: str
    """The app as it is."""
    verdict: Verdict
    reason: str
    requests: int
    causes: tuple[AppCause, ...]
    no_cause: str | None
    """Why there is none."""
    helps: str
    changes: tuple[AppChange, ...]
    """The cures first, by what they are worth."""
    lines: tuple[AppLine, ...]
    types: Mapping[str, int]
    """Objects more than at the baseline."""
    held_by: tuple[str, ...] = ()
    """Who holds it, by name: a sentence each, the one that holds most first."""
    package: Package | None = None
    """The distribution whose code asked for the memory."""
