"""Two runs compared, variant by variant: verdicts, growth with the interval of its difference."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lab.records.interventions import CONTROL, FORMER_CONTROL
from lab.records.judgement import Interval, Verdict
from lab.records.summary import Summary, VariantSummary
from lab.share.differences import Difference, run_differences, version_differences

SCHEMA_VERSION = "1.0"


@dataclass(frozen=True, slots=True)
class MeasuredVariant:
    """One variant in one of the two runs."""

    name: str
    verdict: Verdict
    reason: str
    growth_bytes: int | None
    """Settled minus baseline, in bytes; None: not measured."""
    growth_bytes_per_request: Interval | None
    requests_ok: int


@dataclass(frozen=True, slots=True)
class VariantComparison:
    """A variant that both runs have."""

    before: MeasuredVariant
    after: MeasuredVariant
    difference_bytes_per_request: Interval | None
    """Growth of the second run minus growth of the first; None: one of them was not measured."""
    versions: tuple[Difference, ...]
    """Versions that are not the same."""

    @property
    def changes_verdict(self) -> bool:
        return self.before.verdict is not self.after.verdict

    @property
    def surely_differs(self) -> bool:
        """Whether the difference's interval leaves zero out."""
        interval = self.difference_bytes_per_request
        return interval is not None and (interval.low > 0 or interval.high < 0)


@dataclass(frozen=True, slots=True)
class RunComparison:
    """Everything that two runs have in common, and what is not the same."""

    schema_version: str
    before: str
    """The first run's id."""
    after: str
    variants: tuple[VariantComparison, ...]
    """Changed verdicts first, then growth that surely differs, then the others."""
    only_before: tuple[str, ...]
    """Variants of the first run alone."""
    only_after: tuple[str, ...]
    differences: tuple[Difference, ...]
    """What else is not the same: engine, host, settings, locks."""


def compare_runs(before: Summary, after: Summary) -> RunComparison:
    """The comparison of two runs, the second one's growth minus the first one's."""
    pairs = list(paired(before, after))
    names_before = {one.name for one, _ in pairs}
    names_after = {other.name for _, other in pairs}
    compared = [compare_variants(one, other) for one, other in pairs]
    return RunComparison(
        SCHEMA_VERSION,
        before.run.id,
        after.run.id,
        tuple(sorted(compared, key=rank)),
        tuple(each.name for each in before.variants if each.name not in names_before),
        tuple(each.name for each in after.variants if each.name not in names_after),
        run_differences(before.run, after.run),
    )


def rank(variant: VariantComparison) -> int:
    if variant.changes_verdict:
        return 0
    return 1 if variant.surely_differs else 2


def paired(before: Summary, after: Summary) -> Iterator[tuple[VariantSummary, VariantSummary]]:
    """The variants that both runs have, in the first one's order."""
    after_by_name: Mapping[str, VariantSummary] = {
        name_after(each.name, after, after): each for each in after.variants
    }
    for one in before.variants:
        if (other := after_by_name.get(name_after(one.name, before, after))) is not None:
            yield one, other


def name_after(name: str, before: Summary, after: Summary) -> str:
    """The name of a variant in the second run: two user apps may have two names, one thing, and
    the control run of an older run had another name."""
    if before.own is None or after.own is None or not name.startswith(before.own.variant):
        return name
    suffix = name.removeprefix(before.own.variant)
    return after.own.variant + (f"-{CONTROL}" if suffix == f"-{FORMER_CONTROL}" else suffix)


def compare_variants(before: VariantSummary, after: VariantSummary) -> VariantComparison:
    return VariantComparison(
        measured(before),
        measured(after),
        difference(before.growth_bytes_per_request, after.growth_bytes_per_request),
        version_differences(before.versions, after.versions),
    )


def measured(variant: VariantSummary) -> MeasuredVariant:
    return MeasuredVariant(
        variant.name,
        variant.verdict,
        variant.reason,
        variant.memory_bytes.growth if variant.memory_bytes else None,
        variant.growth_bytes_per_request,
        variant.requests.ok,
    )


def difference(before: Interval | None, after: Interval | None) -> Interval | None:
    """`after` minus `before`, with the interval of the difference of two independent estimates.

    Each limit joins the two distances that lead to it in quadrature, so that intervals that are
    not symmetrical keep their shape (MOVER, Zou and Donner 2008).
    """
    if before is None or after is None:
        return None
    middle = after.estimate - before.estimate
    down = math.hypot(after.estimate - after.low, before.high - before.estimate)
    up = math.hypot(after.high - after.estimate, before.estimate - before.low)
    return Interval(middle, middle - down, middle + up)
