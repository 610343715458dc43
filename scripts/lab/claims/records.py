"""The claims of the thread and their rules, as `claims.toml` states them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from lab.claims.rules import ClaimRule
from lab.records.judgement import Outcome

FIELD = re.compile(r"\{(\w+)\.(\w+)\}")
PUBLISHED = "published_"


@dataclass(frozen=True, slots=True)
class OutcomeRule:
    """When an outcome holds, and the sentence that says why."""

    outcome: Outcome
    rule: ClaimRule
    because: str


@dataclass(frozen=True, slots=True)
class ClaimRecord:
    """One statement as claims.toml has it; no outcome stands in it."""

    id: str
    statement: str
    roles: Mapping[str, str]
    """Role to variant; without one of them the claim is inconclusive."""
    beside: Mapping[str, str]
    """More roles, shown where they were measured; no rule reads them."""
    differs: str
    measured: str
    condition: str
    outcomes: tuple[OutcomeRule, ...]
    opposite: str
    published: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def reads(self) -> tuple[tuple[str, str], ...]:
        """Every (role, quantity) that a rule or a reason names, in that order."""
        shown = (pair for each in self.outcomes for pair in FIELD.findall(each.because))
        ruled = (pair for each in self.outcomes for pair in each.rule.reads)
        return tuple(dict.fromkeys((*ruled, *shown)))


@dataclass(frozen=True, slots=True)
class TopicRecord:
    """A question on which the thread contradicts itself, and the claims that answer it."""

    question: str
    positions: Mapping[str, str]
    """Claim to what it says on this question, in a few words."""


@dataclass(frozen=True, slots=True)
class ClaimBook:
    """All statements and questions."""

    claims: tuple[ClaimRecord, ...]
    topics: tuple[TopicRecord, ...]
