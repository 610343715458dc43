"""There and here, as a table and as JSON."""

from collections.abc import Iterator

from lab.share.agreement import RunAgreement, VariantAgreement
from lab.share.comparison_text import differences_table, rate, version_lines
from lab.text.markdown import markdown_code, markdown_text
from lab.text.phrases import DASH, counted, in_mib, number

MOST_AGREEMENT_ROWS = 40
MOST_AGREEMENT_CHARACTERS = 300


def agreement_markdown(agreement: RunAgreement, ran: str) -> str:
    """The outcome, what was run, a table there | here, and which facts differ.

    Args:
        ran: what was run here, in one sentence.
    """
    compared = agreement.comparison
    lines = [
        f"# {markdown_code(compared.before)} there, {markdown_code(compared.after)} here: "
        f"{agreement.outcome.value}",
        "",
        markdown_text(agreement.reason, MOST_AGREEMENT_CHARACTERS),
        "",
        markdown_text(ran, MOST_AGREEMENT_CHARACTERS),
        "",
        *table(agreement),
        "",
        *version_lines(compared.variants),
        *differences_table(compared.differences, ("there", "here")),
    ]
    return "\n".join(lines).rstrip() + "\n"


def table(agreement: RunAgreement) -> Iterator[str]:
    variants = agreement.variants
    yield "| | there | here |"
    yield "|---|---|---|"
    for each in variants[:MOST_AGREEMENT_ROWS]:
        name = f"{markdown_code(each.compared.before.name)} " if len(variants) > 1 else ""
        yield from variant_rows(name, each)
    if len(variants) > MOST_AGREEMENT_ROWS:
        yield f"| {counted(len(variants) - MOST_AGREEMENT_ROWS, 'more variant')} | | |"
    if agreement.holder_there or agreement.holder_here:
        names = (agreement.holder_there, agreement.holder_here)
        there, here = (markdown_text(name, MOST_AGREEMENT_CHARACTERS) or DASH for name in names)
        yield f"| holder | {there} | {here} |"


def variant_rows(name: str, each: VariantAgreement) -> Iterator[str]:
    there, here = each.compared.before, each.compared.after
    yield f"| {name}verdict | {there.verdict.value} | {here.verdict.value} |"
    rates = (rate(there.growth_bytes_per_request), rate(here.growth_bytes_per_request))
    overlap = {True: " (they overlap)", False: " (they do not overlap)", None: ""}[each.overlap]
    yield f"| {name}bytes a request | {rates[0]} | {rates[1]}{overlap} |"
    ratio = "" if each.ceiling_ratio is None else f" ({number(each.ceiling_ratio, 2)} times)"
    growths = (in_mib(there.growth_bytes), in_mib(here.growth_bytes))
    yield f"| {name}growth | {growths[0]} | {growths[1]}{ratio} |"
