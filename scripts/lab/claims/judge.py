"""The thread's statements, judged: pure, from declarative records and measured variants alone."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lab.claims.quantities import JUDGED, quantity, quantity_text
from lab.claims.records import FIELD, PUBLISHED, ClaimBook, ClaimRecord, OutcomeRule, TopicRecord
from lab.claims.rules import Gap, RuleError, UnknownQuantity, Value, evaluate
from lab.records.claims import Claim, ClaimRow, Evidence, Position, Topic
from lab.records.experiment import MissingVariant
from lab.records.judgement import Outcome
from lab.records.summary import VariantSummary
from lab.text.phrases import listed

MOST_GAPS = 3
ANOTHER_TRIAL = "TRIALS=3 would show whether it is noise"


class ContradictionError(RuleError):
    """Two rules of one claim hold at once: the record is wrong, not the measurement."""


@dataclass(frozen=True, slots=True)
class MeasuredRoles:
    """The measured variants of one claim's roles."""

    record: ClaimRecord
    variants: Mapping[str, VariantSummary]

    def __call__(self, role: str, name: str) -> Value | Gap:
        service = {**self.record.roles, **self.record.beside}[role]
        if name.startswith(PUBLISHED):
            return self.record.published[role][name.removeprefix(PUBLISHED)]
        if service not in self.variants:
            return Gap((UnknownQuantity(service, name, "it did not run"),))
        return quantity(self.variants[service], name)


def judge_claims(
    records: Sequence[ClaimRecord],
    variants: Iterable[VariantSummary],
    missing: Iterable[MissingVariant] = (),
) -> tuple[Claim, ...]:
    """Each claim with its outcome, from what was measured.

    Raises:
        ContradictionError: two rules of one record hold at once.
    """
    by_name = {variant.name: variant for variant in variants}
    reasons = {each.name: each.reason for each in missing}
    return tuple(judge_claim(record, by_name, reasons) for record in records)


def judge_claim(
    record: ClaimRecord, variants: Mapping[str, VariantSummary], missing: Mapping[str, str]
) -> Claim:
    measured = MeasuredRoles(record, variants)
    outcome, reason = outcome_of(measured, missing)
    return Claim(
        id=record.id,
        statement=record.statement,
        outcome=outcome,
        reason=reason,
        evidence=tuple(evidence_of(measured)),
        differs=record.differs,
        measured=record.measured,
        condition=record.condition,
        opposite=record.opposite,
        rules={each.outcome.value: each.rule.text for each in record.outcomes},
        rows=tuple(rows_of(measured)),
    )


def outcome_of(measured: MeasuredRoles, missing: Mapping[str, str]) -> tuple[Outcome, str]:
    """The outcome whose rule holds, with its reason; else inconclusive, with what is missing."""
    record = measured.record
    if absent := [name for name in record.roles.values() if name not in measured.variants]:
        return Outcome.INCONCLUSIVE, absent_text(absent, missing)
    held = rule_that_holds(measured)
    if isinstance(held, OutcomeRule):
        return held.outcome, filled_reason(held.because, measured)
    if held.unread:
        return Outcome.INCONCLUSIVE, unread_text(held)
    return Outcome.INCONCLUSIVE, f"between the bounds: {numbers_text(measured)}; {ANOTHER_TRIAL}"


def rule_that_holds(measured: MeasuredRoles) -> OutcomeRule | Gap:
    """The rule that holds, or what is not known; an empty gap when every rule is false."""
    record = measured.record
    evaluated = [(each, evaluate(each.rule, measured)) for each in record.outcomes]
    true = [each for each, holds in evaluated if holds is True]
    if len(true) > 1:
        both = " and ".join(each.outcome.value for each in true)
        raise ContradictionError(f"{record.id}: the rules of {both} hold at once")
    if true:
        return true[0]
    gaps = [each for _, holds in evaluated if isinstance(holds, Gap) for each in holds.unread]
    return Gap(tuple(dict.fromkeys(gaps)))


def absent_text(absent: Sequence[str], missing: Mapping[str, str]) -> str:
    gaps = [f"{name} ({missing.get(name, 'no trial was recorded')})" for name in absent]
    return f"not measured: {listed(gaps, MOST_GAPS)}"


def unread_text(gap: Gap) -> str:
    reasons = dict.fromkeys(f"{each.variant}: {each.why}" for each in gap.unread)
    return f"open, because of {listed(list(reasons), MOST_GAPS)}"


def numbers_text(measured: MeasuredRoles) -> str:
    """The known quantities that the rules read, in words."""
    rules = dict.fromkeys(pair for each in measured.record.outcomes for pair in each.rule.reads)
    shown = [
        f"{role} {name} {quantity_text(name, number)}"
        for role, name in rules
        if not name.startswith(PUBLISHED) and not isinstance(number := measured(role, name), Gap)
    ]
    return listed(shown, 2 * MOST_GAPS)


def filled_reason(template: str, measured: MeasuredRoles) -> str:
    """A reason with its numbers in place."""

    def text(match: re.Match[str]) -> str:
        role, name = match.groups()
        value = measured(role, name)
        return quantity_text(name, None if isinstance(value, Gap) else value)

    return FIELD.sub(text, template)


def evidence_of(measured: MeasuredRoles) -> Iterable[Evidence]:
    """A row a role that was measured, with the quantities that the record names of it."""
    record = measured.record
    for role, name in {**record.roles, **record.beside}.items():
        if name not in measured.variants:
            continue
        wanted = [q for r, q in record.reads if r == role and not q.startswith(PUBLISHED)]
        numbers = {each: measured(role, each) for each in wanted}
        yield Evidence(
            role=role,
            variant=name,
            trials=len(measured.variants[name].trials),
            numbers={q: None if isinstance(v, Gap) else v for q, v in numbers.items()},
        )


def rows_of(measured: MeasuredRoles) -> Iterable[ClaimRow]:
    """Published, predicted and measured numbers in rows, where the record has a published one."""
    for role, published in measured.record.published.items():
        for name, value in published.items():
            number = measured(role, name)
            predicted = predicted_of(measured, role, name)
            yield ClaimRow(
                role=role,
                quantity=name,
                published=value,
                predicted=predicted,
                measured=number if isinstance(number, int | float) else None,
            )


def predicted_of(measured: MeasuredRoles, role: str, name: str) -> float | None:
    """The predicted value of a quantity; None where the prediction gives none."""
    growth, baseline = measured(role, "predicted_bytes"), measured(role, "baseline_bytes")
    if not isinstance(growth, int | float) or name not in ("growth_bytes", "settled_bytes"):
        return None
    if name == "growth_bytes":
        return growth
    return growth + baseline if isinstance(baseline, int | float) else None


def topics_of(records: Sequence[TopicRecord], claims: Sequence[Claim]) -> tuple[Topic, ...]:
    """The questions of which every claim was judged."""
    judged = {claim.id for claim in claims}
    return tuple(
        Topic(each.question, tuple(Position(i, says) for i, says in each.positions.items()))
        for each in records
        if judged.issuperset(each.positions)
    )


def claims_to_judge(
    book: ClaimBook, names: Iterable[str], only: str | None, everything: bool
) -> tuple[ClaimRecord, ...]:
    """The statements that a run is about.

    Args:
        names: the variants that it was asked for.
        only: one claim's id, when just that was asked for.
        everything: whether no variant was left out on purpose.
    """
    if only:
        return tuple(record for record in book.claims if record.id == only)
    asked = set(names)
    return tuple(
        record for record in book.claims if everything or asked.issuperset(record.roles.values())
    )


def claims_decided(
    records: Sequence[ClaimRecord], variants: Sequence[VariantSummary]
) -> tuple[int, int]:
    """The number of claims decided so far, and of all."""
    claims = judge_claims(records, variants)
    return sum(claim.outcome is not Outcome.INCONCLUSIVE for claim in claims), len(claims)


def variants_to_repeat(
    records: Sequence[ClaimRecord], variants: Sequence[VariantSummary]
) -> tuple[str, ...]:
    """Variants of which one more trial may decide a claim, in the order of the records.

    A claim that lacks a verdict names that variant, one between its bounds all of its variants.
    """
    by_name = {variant.name: variant for variant in variants}
    names: dict[str, None] = {}
    for record in records:
        if by_name.keys() >= set(record.roles.values()):
            names |= dict.fromkeys(_repeats_of(MeasuredRoles(record, by_name)))
    return tuple(names)


def _repeats_of(measured: MeasuredRoles) -> tuple[str, ...]:
    held = rule_that_holds(measured)
    if isinstance(held, OutcomeRule):
        return ()
    if not held.unread:
        return tuple(measured.record.roles.values())
    return tuple(each.variant for each in held.unread if each.quantity in JUDGED)
