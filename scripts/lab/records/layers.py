"""Layers below an app, exchanged one at a time: what was exchanged, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from lab.records.judgement import Interval, Verdict

SCHEMA_VERSION = 1


class Layer(StrEnum):
    """What an app stands on, from its own code downwards."""

    MIDDLEWARE = "middleware"
    SERVER = "server"
    LOOP = "event loop"
    PARSER = "HTTP parser"
    EXTENSION = "C code of a package"
    PYTHON = "Python"
    ALLOCATOR = "allocator"


class Need(StrEnum):
    """Whether the growth needs the layer as it is."""

    NEEDED = "needed"
    """With the exchange the growth is gone."""
    PARTLY = "in part"
    """With the exchange less than half of the growth is left."""
    NOT_NEEDED = "not needed"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Exchange:
    """The same app with one layer exchanged."""

    layer: Layer
    name: str
    """Suffix of the variant's name."""
    line: str
    """What stands in place of what."""
    command: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    requirement: str | None = None
    """A package that it needs and the app has not."""
    python: str | None = None


@dataclass(frozen=True, slots=True)
class NotExchanged:
    """A layer that was left as it is, and why."""

    layer: Layer
    """The layer that was left."""
    reason: str
    """Why, in one clause."""


@dataclass(frozen=True, slots=True)
class LayerResult:
    """What came of one exchange; the app as it is has no layer."""

    layer: Layer | None
    """The layer that was exchanged; None: the app as it is."""
    line: str
    """What stands in place of what."""
    verdict: Verdict | None
    """None: it was not measured."""
    reason: str
    """Why that verdict, or why it was not measured."""
    bytes_per_request: Interval | None
    """Growth a request with its interval, in bytes; None: not known."""
    growth_bytes: int | None
    """Growth over the whole load, in bytes; None: not known."""
    need: Need | None = None
    """Whether the growth needs the layer; None: of the app as it is."""


@dataclass(frozen=True, slots=True)
class LayersAnswer:
    """The whole answer, from which the page is written."""

    schema_version: int
    """The version of this document's shape."""
    app: str
    """The app's name."""
    base: LayerResult
    """The app as it is."""
    exchanges: tuple[LayerResult, ...]
    """The app with one layer exchanged, each."""
    not_exchanged: tuple[NotExchanged, ...]
    """Layers that were left as they are."""
    said: tuple[str, ...]
    """The answer in sentences, the most important first."""
    exit_code: int
    """What the run decided: 0 decided, 2 undecided, 3 incomplete."""
