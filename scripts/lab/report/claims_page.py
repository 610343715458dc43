"""The claims of a run, with their outcomes, as plain records for the templates."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from lab.claims.quantities import quantity_text
from lab.records.claims import Claim, Evidence
from lab.records.judgement import Outcome
from lab.records.summary import Summary
from lab.text.phrases import DASH, clipped, counted, listed, number, sentence
from lab.units import MIB

PAGE_LIMIT = 3_500
"""Characters of the page without its table: about one screen."""
REASON_LENGTHS = (400, 240, 200, 170, 150, 130, 110, 90)
"""Most characters of a reason, longest first; the first with which the page fits is used."""
EXPLAINED_MIB = 64
"""Growth from which on a variant is asked whether its prediction explains it."""
NEAR_RATIO = 4 / 3
"""A growth is near its prediction where neither is a third more than the other."""
FRAME = 460
"""Characters of the page's headline and of the line that says which run it is."""


@dataclass(frozen=True, slots=True)
class ClaimLine:
    """One claim on one question."""

    claim: str
    says: str
    outcome: str
    reason: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question of the thread, with the claims about it."""

    text: str
    lines: tuple[ClaimLine, ...]


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """One published number in words."""

    claim: str
    what: str
    published: str
    predicted: str
    measured: str
    ratio: str


def tally(claims: Sequence[Claim]) -> str:
    """`42 claims: 12 reproduced, 18 refuted, ...`."""
    counts = Counter(claim.outcome for claim in claims)
    parts = [f"{counts[outcome]} {outcome.value}" for outcome in Outcome]
    return f"{counted(len(claims), 'claim')}: {', '.join(parts)}"


def questions(summary: Summary) -> tuple[Question, ...]:
    """The page's questions, with reasons as long as one screen allows."""
    for length in REASON_LENGTHS:
        answered = questions_within(summary, length)
        if sum(map(size_of, answered)) <= PAGE_LIMIT - FRAME:
            break
    return answered


def questions_within(summary: Summary, length: int) -> tuple[Question, ...]:
    claims = {claim.id: claim for claim in summary.claims}
    return tuple(
        Question(
            topic.question,
            tuple(line_of(claims[each.claim], each.says, length) for each in topic.positions),
        )
        for topic in summary.topics
    )


def line_of(claim: Claim, says: str, length: int) -> ClaimLine:
    return ClaimLine(claim.id, says, claim.outcome.value, clipped(sentence(claim.reason), length))


def size_of(question: Question) -> int:
    """Characters of the question in Markdown, with its marks."""
    lines = question.lines
    return (
        len(question.text)
        + 8
        + sum(len(f"{line.claim}{line.says}{line.outcome}{line.reason}") + 16 for line in lines)
    )


def published_rows(claims: Sequence[Claim]) -> list[PublishedRow]:
    """Published, predicted and measured side by side."""
    return [
        PublishedRow(
            claim=claim.id,
            what=f"{variant_of(claim, row.role)}, {quantity_words(row.quantity)}",
            published=quantity_text(row.quantity, row.published),
            predicted=quantity_text(row.quantity, row.predicted),
            measured=quantity_text(row.quantity, row.measured),
            ratio=number(row.measured / row.published, 2) if row.measured is not None else DASH,
        )
        for claim in claims
        for row in claim.rows
    ]


def variant_of(claim: Claim, role: str) -> str:
    return next((each.variant for each in claim.evidence if each.role == role), role)


def quantity_words(name: str) -> str:
    """`growth_bytes` as `growth`: the unit stands with the value."""
    return (
        name.replace("_bytes_per_request", " a request")
        .removesuffix("_bytes")
        .removesuffix("_seconds")
        .replace("_", " ")
    )


def evidence_text(evidence: Sequence[Evidence]) -> str:
    """Variants, each with its role, its trials and its numbers."""
    return "; ".join(map(one_evidence, evidence))


def one_evidence(row: Evidence) -> str:
    numbers = [
        f"{quantity_words(name)} {quantity_text(name, value)}"
        for name, value in row.numbers.items()
    ]
    trials = "" if row.trials == 1 else f", {row.trials} trials"
    values = f": {', '.join(numbers)}" if numbers else ""
    return f"{row.variant} as {row.role}{trials}{values}"


def variants_text(claim: Claim) -> str:
    return listed([each.variant for each in claim.evidence], 8) or DASH


def explanation(summary: Summary) -> str:
    """What explains most of the measured growth, in one sentence; empty when too little grew."""
    grown = [
        variant
        for variant in summary.variants
        if variant.memory_bytes
        and variant.prediction.growth_bytes
        and variant.memory_bytes.growth >= EXPLAINED_MIB * MIB
    ]
    if not grown:
        return ""
    near = sum(
        1 / NEAR_RATIO
        <= variant.memory_bytes.growth / variant.prediction.growth_bytes
        <= NEAR_RATIO
        for variant in grown
        if variant.memory_bytes and variant.prediction.growth_bytes
    )
    return (
        f"Of {len(grown)} variants that grew by {EXPLAINED_MIB} MiB or more, {near} grew by what "
        "was predicted before the load (within a third): the number of workers, times the threads "
        "that ran, times what the allocator retains for each."
    )
