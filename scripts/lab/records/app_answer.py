"""The answer of `make try`: the verdict on a user app, its causes, and what helps."""

from collections.abc import Mapping
from dataclasses import dataclass

from lab.records.holders import Package
from lab.records.interventions import Cause
from lab.records.judgement import Certainty, Verdict
from lab.records.numbers import Count


@dataclass(frozen=True, slots=True)
class AppCause:
    """One cause of a user app's growth."""

    cause: Cause
    """The cause, from a closed set."""
    standing: Certainty
    """Whether an intervention or a trace confirmed the cause."""
    evidence: str
    """What the memory breakdown says."""
    proof: str
    """What confirmed the cause, or what would confirm it."""


@dataclass(frozen=True, slots=True)
class AppChange:
    """The same app with one thing changed, compared with the app as it is over the whole load."""

    line: str
    """The line to paste, and where it goes."""
    is_cure: bool
    """Whether the change is something to keep; a change that is not only tells causes apart."""
    gained_bytes: float
    """Growth with the change over the whole load, in bytes."""
    saved_bytes: float
    """Growth of the app as it is minus growth with the change, in bytes."""
    rate: float | None
    """Requests a second, relative to the app as it is; None: not measured."""
    requests: Count = 0
    """Requests that it served, a count; 0: not kept."""


@dataclass(frozen=True, slots=True)
class AppLine:
    """A line of code whose allocations are still live."""

    site: str
    """The allocation site: file and line, and the line of the app that led there."""
    bytes: int
    """Live memory that the line allocated, in bytes."""
    count: int
    """Live blocks that the line allocated, a count."""


@dataclass(frozen=True, slots=True)
class AppAnswer:
    """The answer of `make try` about a user app: verdict, causes, what helps."""

    app: str
    """The app's name."""
    variant: str
    """The variant that is the app as it is."""
    verdict: Verdict
    """The verdict over all trials."""
    reason: str
    """Why, in one sentence."""
    requests: Count
    """Requests served over the load, a count."""
    causes: tuple[AppCause, ...]
    """Causes of the growth, proven causes first."""
    no_cause: str | None
    """Why no cause is named; None: causes are named."""
    helps: str
    """The best cure that was measured, or advice where none was."""
    changes: tuple[AppChange, ...]
    """The app with one thing changed; cures first, by the memory that they save."""
    lines: tuple[AppLine, ...]
    """Lines of code whose allocations are still live."""
    types: Mapping[str, int]
    """Objects gained since the baseline, by type, counts."""
    held_by: tuple[str, ...] = ()
    """Who holds the memory, by name: a sentence each, the one that holds most first."""
    apart: tuple[str, ...] = ()
    """Which of several kinds of requests grows: a sentence each."""
    package: Package | None = None
    """The distribution whose code asked for the memory; None: not known."""
    load_note: str | None = None
    """What the time for the judgement allowed and what that can show; None: it held all."""
    control_requests: Count | None = None
    """Requests that the control run served; None: changes are compared with the app as it is."""
    failed_changes: tuple[str, ...] = ()
    """Changes with which the app did not get through its load, and why: a line each."""
