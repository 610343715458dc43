"""The comparison of two runs as Markdown and as JSON."""

from collections.abc import Iterator, Sequence

from lab.records.judgement import Interval
from lab.share.comparison import MeasuredVariant, RunComparison, VariantComparison
from lab.share.differences import Difference
from lab.text.markdown import markdown_code, markdown_text
from lab.text.phrases import DASH, counted, in_mib, listed, number, size_unit

MOST_ROWS_SHOWN = 40
"""Variants, and differences of each kind, that Markdown shows; the JSON has all of them."""
MOST_CELL_CHARACTERS = 200
FINE_BELOW = 10
"""A number below it, in its unit, gets a decimal."""


def comparison_markdown(comparison: RunComparison) -> str:
    """The whole comparison: changed verdicts first, and what else differs beneath."""
    before, after = map(markdown_code, (comparison.before, comparison.after))
    lines = [
        f"# {before} compared with {after}",
        "",
        headline(comparison),
        "",
        *variant_table(comparison.variants),
        *only_in_one(before, comparison.only_before),
        *only_in_one(after, comparison.only_after),
        *version_lines(comparison.variants),
        *differences_table(comparison.differences),
    ]
    return "\n".join(lines).rstrip() + "\n"


def headline(comparison: RunComparison) -> str:
    """How many verdicts changed, and how many growths surely differ, in one sentence."""
    variants = comparison.variants
    if not variants:
        return "The runs have no variant in common: nothing is compared."
    changed = sum(each.changes_verdict for each in variants)
    sure = sum(each.surely_differs for each in variants)
    return (
        f"Of {counted(len(variants), 'common variant')}, {number(changed)} "
        f"{'has' if changed == 1 else 'have'} another verdict, and growth a request surely differs "
        f"in {number(sure)}."
    )


def variant_table(variants: Sequence[VariantComparison]) -> Iterator[str]:
    if not variants:
        return
    yield "| variant | verdict | growth | growth a request | difference a request |"
    yield "|---|---|--:|--:|--:|"
    for each in variants[:MOST_ROWS_SHOWN]:
        yield f"| {' | '.join(cells(each))} |"
    if len(variants) > MOST_ROWS_SHOWN:
        yield f"| {counted(len(variants) - MOST_ROWS_SHOWN, 'more variant')} | | | | |"
    yield ""


def cells(each: VariantComparison) -> tuple[str, ...]:
    before, after = each.before, each.after
    names = dict.fromkeys((before.name, after.name))
    return (
        " → ".join(map(markdown_code, names)),
        verdicts(before, after, changed=each.changes_verdict),
        f"{in_mib(before.growth_bytes)} → {in_mib(after.growth_bytes)}",
        f"{rate(before.growth_bytes_per_request)} → {rate(after.growth_bytes_per_request)}",
        rate(each.difference_bytes_per_request, signed=True),
    )


def verdicts(before: MeasuredVariant, after: MeasuredVariant, *, changed: bool) -> str:
    if not changed:
        return str(before.verdict.value)
    return f"**{before.verdict.value} → {after.verdict.value}**"


def rate(interval: Interval | None, *, signed: bool = False) -> str:
    """Estimate and interval in one unit: `72.2 KiB [72.1, 72.2]`."""
    if interval is None:
        return DASH
    values = (interval.estimate, interval.low, interval.high)
    factor, unit = size_unit(max(map(abs, values)))
    digits = 0 if factor == 1 else 1 if max(map(abs, values)) / factor >= FINE_BELOW else 2
    estimate, low, high = (number(value / factor, digits) for value in values)
    plus = "+" if signed and interval.estimate > 0 and estimate.strip("0.") else ""
    return f"{plus}{estimate} {unit} [{low}, {high}]"


def only_in_one(run: str, names: Sequence[str]) -> Iterator[str]:
    if names:
        yield f"In {run} alone: {listed([markdown_code(name) for name in names])}."
        yield ""


def version_lines(variants: Sequence[VariantComparison]) -> Iterator[str]:
    """Versions that differ, a line for all variants in which the same ones do."""
    groups: dict[tuple[Difference, ...], list[str]] = {}
    for each in variants:
        if each.versions:
            groups.setdefault(each.versions, []).append(each.before.name)
    for versions, names in list(groups.items())[:MOST_ROWS_SHOWN]:
        shown = listed([markdown_code(name) for name in names])
        changes = listed([change_text(each) for each in versions], most=20)
        yield f"Versions that differ in {shown}: {changes}."
        yield ""


def change_text(each: Difference) -> str:
    what, before, after = (
        markdown_text(text, MOST_CELL_CHARACTERS) for text in (each.what, each.before, each.after)
    )
    return f"{what} {before} → {after}"


def differences_table(
    differences: Sequence[Difference], sides: tuple[str, str] = ("before", "after")
) -> Iterator[str]:
    if not differences:
        yield "No other recorded fact differs: engine, host, settings and locks are the same."
        return
    yield f"| what else differs | {' | '.join(sides)} |"
    yield "|---|---|---|"
    for each in differences[:MOST_ROWS_SHOWN]:
        texts = (each.what, each.before, each.after)
        yield f"| {' | '.join(markdown_text(text, MOST_CELL_CHARACTERS) for text in texts)} |"
    if len(differences) > MOST_ROWS_SHOWN:
        yield f"| {counted(len(differences) - MOST_ROWS_SHOWN, 'more difference')} | | |"
