"""Statements of the thread, each with its outcome and the numbers that decided it."""

from collections.abc import Mapping
from dataclasses import dataclass

from lab.records.judgement import Outcome


@dataclass(frozen=True, slots=True)
class Evidence:
    """One variant that a claim was decided with."""

    role: str
    """What it stands for in the claim's rules."""
    variant: str
    trials: int
    numbers: Mapping[str, str | int | float | bool | None]
    """The quantities that the claim names of it; None: not known."""


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """A number that the thread published, with what was predicted and measured here."""

    role: str
    quantity: str
    published: float
    predicted: float | None
    measured: float | None


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement of the thread and what the lab found."""

    id: str
    statement: str
    outcome: Outcome
    reason: str
    evidence: tuple[Evidence, ...]
    differs: str
    """The one thing in which its variants differ."""
    measured: str
    """The quantity that decides."""
    condition: str
    """What must hold for it to be reproduced, in words."""
    opposite: str
    """What would have to be measured for the opposite."""
    rules: Mapping[str, str]
    """The rule of each possible outcome."""
    rows: tuple[ClaimRow, ...]


@dataclass(frozen=True, slots=True)
class Position:
    """What one claim says on a question."""

    claim: str
    says: str


@dataclass(frozen=True, slots=True)
class Topic:
    """A question on which the thread contradicts itself."""

    question: str
    positions: tuple[Position, ...]
