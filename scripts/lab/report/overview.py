"""The answer of a run in words, derived from its summary alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from lab.records.claims import Claim
from lab.records.experiment import MissingVariant
from lab.records.judgement import Outcome, Verdict
from lab.records.summary import Memory, Summary, VariantSummary
from lab.report.axis_differences import difference_sentences
from lab.report.claims_page import explanation, tally
from lab.report.group_names import group_name
from lab.report.growth_drivers import follow_sentence
from lab.report.sittings import sitting_sentences
from lab.text.phrases import (
    DASH,
    clipped,
    counted,
    listed,
    mib_span,
    number,
    sentence,
    share,
    size,
    span,
)
from lab.units import MIB

VERDICT_ORDER = (Verdict.LEAK, Verdict.BOUNDED, Verdict.FLAT, Verdict.INCONCLUSIVE)
CLUSTER_RATIO = 1.5
"""Growths further apart than this ratio are given one by one, not as one range."""
MOST_CLUSTERS = 6
MOST_REASONS = 5
REASON_LENGTH = 200
SMALLEST_PREDICTION_BYTES = MIB
"""Below this a ratio of measured to predicted says nothing."""
CLOSE_PREDICTION = 0.10
PARTIAL = "This run is partial: it ended before all variants were measured."
NO_PASS = "This is not a pass: without served requests and readings there is no verdict."


@dataclass(frozen=True, slots=True)
class OverviewLine:
    """One sentence on variants of one verdict: their names, then the text."""

    verdict: Verdict
    names: str
    count: int
    text: str


@dataclass(frozen=True, slots=True)
class Overview:
    """The first screen of the report."""

    headline: str
    lines: tuple[OverviewLine, ...]
    findings: tuple[str, ...]
    warnings: tuple[str, ...]
    measured: bool


def overview_of(summary: Summary) -> Overview:
    """Which variants grew, to what ceiling, what was predicted and what tells them apart."""
    measured = [variant for variant in summary.variants if is_measured(variant)]
    if summary.claims:
        return _answer_of_claims(summary, measured)
    return Overview(
        headline=_headline(summary, measured),
        lines=tuple(_lines(summary.variants)),
        findings=() if summary.own is not None else tuple(_findings(measured)),
        warnings=tuple(_warnings(summary)),
        measured=bool(measured),
    )


def _answer_of_claims(summary: Summary, measured: Sequence[VariantSummary]) -> Overview:
    """The overview of a run of claims: their outcomes, and what explains most of the growth."""
    return Overview(
        headline=_claims_headline(summary.claims),
        lines=(),
        findings=tuple(filter(None, (explanation(summary), _headline(summary, measured)))),
        warnings=(*_warnings(summary), *_open_claims(summary.claims)),
        measured=bool(measured),
    )


def _claims_headline(claims: Sequence[Claim]) -> str:
    if len(claims) == 1:
        (claim,) = claims
        return f"{claim.id} is {claim.outcome.value}. {sentence(claim.reason)}"
    counts = tally(claims).replace("claims:", "statements of the thread:", 1)
    return f"{counts}."


def _open_claims(claims: Sequence[Claim]) -> Iterable[str]:
    open_ones = [claim for claim in claims if claim.outcome is Outcome.INCONCLUSIVE]
    for claim in open_ones[:MOST_REASONS]:
        yield f"{claim.id} is inconclusive. {sentence(clipped(claim.reason, REASON_LENGTH))}"
    if rest := open_ones[MOST_REASONS:]:
        yield f"Also inconclusive: {listed([claim.id for claim in rest], 40)}."


def is_measured(variant: VariantSummary) -> bool:
    """Whether any request was served and its memory read."""
    return variant.memory_bytes is not None and variant.requests.ok > 0


def measured_to_predicted(variant: VariantSummary) -> float | None:
    """Measured growth as a share of the predicted one; None where that says nothing."""
    predicted = variant.prediction.growth_bytes
    if variant.memory_bytes is None or predicted is None:
        return None
    if predicted < SMALLEST_PREDICTION_BYTES:
        return None
    return variant.memory_bytes.growth / predicted


def _headline(summary: Summary, measured: Sequence[VariantSummary]) -> str:
    total = len(summary.variants)
    if not total:
        return "Nothing was measured: no variant ran."
    if not measured:
        return (
            f"Nothing was measured: of {counted(total, 'variant')} "
            "none both served a request and had its memory read."
        )
    parts = [part for verdict in VERDICT_ORDER if (part := _share(verdict, summary.variants))]
    missing = len(summary.run.missing)
    never = f"; {counted(missing, 'more variant')} never ran" if missing else ""
    return f"Of {counted(total, 'variant')}, {listed(parts)}{never}."


def _share(verdict: Verdict, variants: Iterable[VariantSummary]) -> str:
    count = sum(variant.verdict is verdict for variant in variants)
    if not count:
        return ""
    one = count == 1
    return {
        Verdict.LEAK: f"{count} {'leaks' if one else 'leak'}",
        Verdict.BOUNDED: f"{count} grew to a ceiling and stopped",
        Verdict.FLAT: f"{count} stayed flat",
        Verdict.INCONCLUSIVE: f"{count} {'is' if one else 'are'} inconclusive",
    }[verdict]


def _lines(variants: Sequence[VariantSummary]) -> Iterable[OverviewLine]:
    for verdict in VERDICT_ORDER:
        members = [variant for variant in variants if variant.verdict is verdict]
        if verdict is Verdict.INCONCLUSIVE:
            yield from _undecided_lines(members)
        elif members:
            yield from (_line(cluster, variants) for cluster in _clusters(members, verdict))


def _undecided_lines(members: Sequence[VariantSummary]) -> Iterable[OverviewLine]:
    for variant in members[:MOST_REASONS]:
        reason = clipped(variant.reason, REASON_LENGTH) or "No reason was recorded"
        yield OverviewLine(variant.verdict, variant.name, 1, f"has no verdict. {sentence(reason)}")
    rest = members[MOST_REASONS:]
    if rest:
        text = "have no verdict. Their reasons follow below."
        yield OverviewLine(rest[0].verdict, counted(len(rest), "more variant"), len(rest), text)


def _clusters(
    members: Sequence[VariantSummary], verdict: Verdict
) -> Iterable[Sequence[VariantSummary]]:
    """Variants of one verdict, split where their growth steps down."""
    if verdict is Verdict.FLAT:
        return [members]
    ordered = sorted(members, key=_growth, reverse=True)
    clusters: list[list[VariantSummary]] = [[ordered[0]]]
    for before, variant in pairwise(ordered):
        if _growth(before) > CLUSTER_RATIO * max(_growth(variant), MIB):
            clusters.append([])
        clusters[-1].append(variant)
    last = [variant for cluster in clusters[MOST_CLUSTERS - 1 :] for variant in cluster]
    return [*clusters[: MOST_CLUSTERS - 1], last] if last else clusters


def _growth(variant: VariantSummary) -> int:
    return variant.memory_bytes.growth if variant.memory_bytes else 0


def _line(members: Sequence[VariantSummary], everyone: Sequence[VariantSummary]) -> OverviewLine:
    verdict = members[0].verdict
    memories = [variant.memory_bytes for variant in members if variant.memory_bytes]
    is_predicted = any(each.prediction.growth_bytes is not None for each in everyone)
    prediction = _predicted(members) if is_predicted else "."
    text = _measured(verdict, memories, members) + prediction
    return OverviewLine(verdict, group_name(members, everyone), len(members), text)


def _measured(
    verdict: Verdict, memories: Sequence[Memory], members: Sequence[VariantSummary]
) -> str:
    if not memories:
        return f"{_was(members)} not measured"
    growth = mib_span((memory.growth for memory in memories), signed=True)
    settled = mib_span(memory.settled for memory in memories)
    if verdict is Verdict.FLAT:
        return f"stayed flat: {growth}, settled at {settled}"
    if verdict is Verdict.BOUNDED:
        return f"grew by {growth.replace('+', '')} to a ceiling of {settled} and stopped"
    return (
        f"{_was(members)} still growing at the last reading: {growth}, at {settled}{_rate(members)}"
    )


def _was(members: Sequence[VariantSummary]) -> str:
    return "was" if len(members) == 1 else "were"


def _rate(members: Sequence[VariantSummary]) -> str:
    rates = sorted(
        variant.growth_bytes_per_request.estimate
        for variant in members
        if variant.growth_bytes_per_request
    )
    return f", {span([size(rate) for rate in rates])} a request" if rates else ""


def _predicted(members: Sequence[VariantSummary]) -> str:
    predictions = [
        variant.prediction.growth_bytes
        for variant in members
        if variant.prediction.growth_bytes is not None
    ]
    if not predictions:
        return ". Nothing was predicted."
    ratios = sorted(r for v in members if (r := measured_to_predicted(v)) is not None)
    times = span([number(r, 2) for r in ratios])
    ratio = f"; measured growth is {times} times that" if ratios else ""
    return f". Predicted: {mib_span(predictions, signed=True)}{ratio}."


def _findings(measured: Sequence[VariantSummary]) -> Iterable[str]:
    leaks = [v for v in measured if v.verdict is Verdict.LEAK]
    bounded = [v for v in measured if v.verdict is Verdict.BOUNDED]
    flat = [v for v in measured if v.verdict is Verdict.FLAT]
    grown = [*leaks, *bounded]
    if leaks and bounded and flat:
        yield " ".join(difference_sentences(leaks, flat, "the variants that leak"))
        yield " ".join(difference_sentences(bounded, flat, "the bounded variants"))
    elif grown and flat:
        yield from difference_sentences(grown, flat, "the variants that grew")
    elif grown:
        yield "Every decided variant grew, so there is no flat one to compare with."
    elif flat:
        yield "No decided variant grew, so there is no difference to explain."
    if follows := follow_sentence(bounded):
        yield follows
    yield from _prediction_finding([*grown, *flat])


def _prediction_finding(variants: Sequence[VariantSummary]) -> Iterable[str]:
    ratios = [(r, v.name) for v in variants if (r := measured_to_predicted(v)) is not None]
    if not ratios:
        return
    close = sum(abs(ratio - 1) <= CLOSE_PREDICTION for ratio, _ in ratios)
    worst, name = max(ratios, key=lambda pair: abs(pair[0] - 1))
    largest = f"; the largest difference is at {name}: {number(worst, 2)} times the prediction"
    off = largest if close < len(ratios) else ""
    yield (
        f"Measured growth is within {share(CLOSE_PREDICTION)} of the prediction in {close} of "
        f"{counted(len(ratios), 'variant')} with 1 MiB or more predicted{off}."
    )


def _warnings(summary: Summary) -> Iterable[str]:
    if summary.run.partial:
        yield PARTIAL
    yield from sitting_sentences(summary.run.sittings)
    if summary.run.missing:
        yield _missing_sentence(summary.run.missing)
    if not any(is_measured(variant) for variant in summary.variants):
        yield NO_PASS
    yield from _failure_warning(summary.variants)


def _missing_sentence(missing: Sequence[MissingVariant]) -> str:
    by_reason: dict[str, list[str]] = {}
    for each in missing:
        by_reason.setdefault(clipped(each.reason, REASON_LENGTH) or DASH, []).append(each.name)
    groups = [f"{listed(names)} ({reason})" for reason, names in by_reason.items()]
    return f"{counted(len(missing), 'variant')} never ran: {sentence(listed(groups, MOST_REASONS))}"


def _failure_warning(variants: Iterable[VariantSummary]) -> Iterable[str]:
    failing = [variant for variant in variants if variant.requests.failed]
    if failing:
        failed = sum(variant.requests.failed for variant in failing)
        sent = sum(variant.requests.sent for variant in failing)
        names = listed([variant.name for variant in failing])
        yield f"{number(failed)} of {number(sent)} requests failed at {names}."
