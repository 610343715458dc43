"""Whether a second run of the same thing says the same: there and here, side by side."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lab.records.holders import Package
from lab.records.judgement import Interval, Verdict
from lab.records.summary import Summary
from lab.share.comparison import MeasuredVariant, RunComparison, VariantComparison, compare_runs
from lab.text.packages import canonical
from lab.text.phrases import counted, number
from lab.units import MIB

LIKE = 2.0
"""Growth of the same cause differs by the interpreter's build, the libc and the engine's way to
read memory: objects of 500 B cost 512 or 544. A factor of two is another growth."""
REPOSITORY = re.compile(r"https?://((?:github|gitlab)\.com/[^/\s]+)/")
NOISE_BYTES = 4 * MIB
"""Ceilings below it are start-up noise, and have no ratio."""


class Agreement(StrEnum):
    """What a second run says of the first."""

    AGREES = "agrees"
    DIFFERS = "differs"
    UNDECIDED = "undecided"


VERBS = {
    Agreement.DIFFERS: ("differs", "differ"),
    Agreement.UNDECIDED: ("is undecided", "are undecided"),
}
"""The verb of one variant, and of several."""


@dataclass(frozen=True, slots=True)
class VariantAgreement:
    """One variant there and here."""

    compared: VariantComparison
    outcome: Agreement
    reason: str
    """Why, in one sentence."""
    overlap: bool | None
    """Whether the intervals of growth a request overlap; None: one of them is not known."""
    ceiling_ratio: float | None
    """Growth here over growth there; None: not measured, or below the noise."""


@dataclass(frozen=True, slots=True)
class RunAgreement:
    """A whole run there and here."""

    outcome: Agreement
    reason: str
    variants: tuple[VariantAgreement, ...]
    holder_there: str
    """The name of what holds the memory; empty: not known."""
    holder_here: str
    comparison: RunComparison


def agreement_of(there: Summary, here: Summary) -> RunAgreement:
    """What the run here says of the run there."""
    comparison = compare_runs(there, here)
    decisive = decisive_variants(there, comparison.variants)
    agreements = tuple(map(variant_agreement, decisive))
    outcome, reason = overall(agreements, missing(there, comparison))
    one, other = culprit(there), culprit(here)
    if outcome is Agreement.AGREES and one and other and not is_same_project(one, other):
        outcome = Agreement.DIFFERS
        reason = f"The memory is held by {one.name} there and by {other.name} here."
    return RunAgreement(outcome, reason, agreements, holder(there), holder(here), comparison)


def decisive_variants(
    there: Summary, variants: Sequence[VariantComparison]
) -> list[VariantComparison]:
    """The variants that decide: the app as it is, or every variant of a suite."""
    if there.own is None:
        return list(variants)
    return [each for each in variants if each.before.name == there.own.variant]


def open_variants(there: Summary) -> tuple[str, ...]:
    """The variants with which no run elsewhere can agree, as their own verdict is inconclusive."""
    own = there.own.variant if there.own else None
    decisive = (each for each in there.variants if own in (None, each.name))
    return tuple(each.name for each in decisive if each.verdict is Verdict.INCONCLUSIVE)


def missing(there: Summary, comparison: RunComparison) -> tuple[str, ...]:
    """Variants that should have been run here and were not."""
    if there.own is None:
        return comparison.only_before
    return tuple(name for name in comparison.only_before if name == there.own.variant)


def variant_agreement(compared: VariantComparison) -> VariantAgreement:
    there, here = compared.before, compared.after
    overlap = overlapping(there.growth_bytes_per_request, here.growth_bytes_per_request)
    ratio = ceiling_ratio(there, here)
    outcome, reason = judged(there, here, overlap, ratio)
    return VariantAgreement(compared, outcome, reason, overlap, ratio)


def judged(
    there: MeasuredVariant, here: MeasuredVariant, overlap: bool | None, ratio: float | None
) -> tuple[Agreement, str]:
    """The outcome of one variant, and why."""
    if Verdict.INCONCLUSIVE in (there.verdict, here.verdict):
        where = "here" if here.verdict is Verdict.INCONCLUSIVE else "there"
        return Agreement.UNDECIDED, f"The verdict {where} is inconclusive."
    if there.verdict is not here.verdict:
        return (
            Agreement.DIFFERS,
            f"The verdict there is {there.verdict.value}, here {here.verdict.value}.",
        )
    same = f"Both verdicts are {there.verdict.value}"
    if there.verdict is Verdict.LEAK and not overlap:
        factor = rate_ratio(there.growth_bytes_per_request, here.growth_bytes_per_request)
        if factor is None:
            return Agreement.UNDECIDED, f"{same}, but growth a request is not known in both runs."
        times = f"growth here is {number(factor, 2)} times that there"
        if not is_like(factor):
            return Agreement.DIFFERS, f"{same}, but {times}."
        return Agreement.AGREES, f"{same}, and {times}."
    if there.verdict is Verdict.BOUNDED and ratio is not None and not is_like(ratio):
        times = f"the ceiling here is {number(ratio, 2)} times that there"
        return Agreement.DIFFERS, f"{same}, but {times}."
    return Agreement.AGREES, f"{same}."


def is_like(ratio: float) -> bool:
    return 1 / LIKE <= ratio <= LIKE


def overlapping(there: Interval | None, here: Interval | None) -> bool | None:
    if there is None or here is None:
        return None
    return there.low <= here.high and here.low <= there.high


def rate_ratio(there: Interval | None, here: Interval | None) -> float | None:
    if there is None or here is None or there.estimate <= 0:
        return None
    return here.estimate / there.estimate


def ceiling_ratio(there: MeasuredVariant, here: MeasuredVariant) -> float | None:
    """Growth here over growth there, where at least one of them is more than noise."""
    one, other = there.growth_bytes, here.growth_bytes
    if one is None or other is None or max(one, other) < NOISE_BYTES:
        return None
    return max(other, 0) / max(one, 1)


def overall(variants: Sequence[VariantAgreement], left_out: Sequence[str]) -> tuple[Agreement, str]:
    """One outcome for all: what differs comes before what is undecided."""
    for wanted in (Agreement.DIFFERS, Agreement.UNDECIDED):
        for each in variants:
            if each.outcome is wanted:
                name, others = each.compared.before.name, count_of(variants, wanted) - 1
                verb = VERBS[wanted][others != 1]
                more = f" {counted(others, 'more variant')} {verb}." if others else ""
                return wanted, f"{name}: {each.reason}{more}"
    if left_out:
        return Agreement.UNDECIDED, f"{left_out[0]} was not measured here."
    if not variants:
        return Agreement.UNDECIDED, "The runs have no measured variant in common."
    return Agreement.AGREES, " ".join(dict.fromkeys(sentences(variants)))


def count_of(variants: Sequence[VariantAgreement], wanted: Agreement) -> int:
    return sum(each.outcome is wanted for each in variants)


def sentences(variants: Sequence[VariantAgreement]) -> Iterator[str]:
    if len(variants) == 1:
        yield variants[0].reason
    else:
        yield f"All {len(variants)} variants have the same result."


def culprit(summary: Summary) -> Package | None:
    """The package whose code holds the memory; None: not known."""
    return summary.own.package if summary.own else None


def is_same_project(one: Package, other: Package) -> bool:
    """Whether two names are of one project, such as pydantic and its part pydantic-core: which of
    them a trace names depends on how much of C code it saw.
    """
    short, long = sorted((canonical(one.name), canonical(other.name)), key=len)
    if short == long:
        return True
    owners = {owner_of(one.tracker), owner_of(other.tracker)}
    return long.startswith(f"{short}-") and len(owners) == 1 and "" not in owners


def owner_of(tracker: str | None) -> str:
    """Whose repository a tracker is of, such as `github.com/pydantic`; empty: not known."""
    match = REPOSITORY.match(tracker or "")
    return match[1].lower() if match else ""


def holder(summary: Summary) -> str:
    """The holder's name, else the line that allocated most; empty: not known."""
    own = summary.own
    if own is None:
        return ""
    if own.held_by:
        return own.held_by[0]
    return own.lines[0].site if own.lines else ""
