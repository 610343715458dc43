"""Statements of the thread, each with its outcome and the numbers that decided it."""

from collections.abc import Mapping
from dataclasses import dataclass

from lab.records.judgement import Outcome
from lab.records.numbers import Count


@dataclass(frozen=True, slots=True)
class Evidence:
    """One variant that a claim was decided with."""

    role: str
    """What the variant stands for in the claim's rules."""
    variant: str
    """The variant's name."""
    trials: Count
    """Trials of the variant, a count."""
    numbers: Mapping[str, str | int | float | bool | None]
    """The quantities of the variant that the claim names, units in their names; None: not known."""


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """A number that the thread published, with what was predicted and measured here."""

    role: str
    """The variant's role in the claim's rules."""
    quantity: str
    """The quantity's name, with the unit."""
    published: float
    """The thread's number."""
    predicted: float | None
    """The number predicted before the load; None: no prediction."""
    measured: float | None
    """The number measured here; None: not known."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement of the thread and what the lab found."""

    id: str
    """The claim's id, e.g. `T01`."""
    statement: str
    """The statement, in a sentence."""
    outcome: Outcome
    """What the run says of the statement."""
    reason: str
    """Why, in one sentence."""
    evidence: tuple[Evidence, ...]
    """The variants that the claim was decided with."""
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
    """Numbers that the thread published, with what was predicted and measured here."""


@dataclass(frozen=True, slots=True)
class Position:
    """What one claim says on a question."""

    claim: str
    """The claim's id."""
    says: str
    """The claim's answer, in a few words."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A question on which the thread contradicts itself."""

    question: str
    """The question."""
    positions: tuple[Position, ...]
    """The claims that answer it."""
