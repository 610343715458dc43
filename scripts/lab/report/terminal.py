"""The table that a run ends with at the terminal."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from lab.errors import ExitCode
from lab.records.app_answer import AppAnswer
from lab.records.claims import Claim
from lab.records.judgement import Outcome
from lab.records.summary import Summary, VariantSummary
from lab.report.answer_text import (
    CHANGE_HEADINGS,
    LINES_HEADING,
    apart_lines,
    cause_lines,
    change_rows,
    changes_intro,
    failed_lines,
    help_sentence,
    holder_lines,
    line_size,
    types_sentence,
    verdict_line,
)
from lab.report.claims_page import tally
from lab.report.overview import overview_of
from lab.text.phrases import clipped, mib, sentence

STYLES = {"flat": "green", "bounded": "cyan", "leak": "red", "inconclusive": "yellow"}
OUTCOME_STYLES = {
    Outcome.REPRODUCED: "green",
    Outcome.REFUTED: "red",
    Outcome.CONDITIONAL: "cyan",
    Outcome.INCONCLUSIVE: "yellow",
}
STATEMENT_LENGTH = 78
FEW_VARIANTS = 12
"""A run of claims with more variants ends with the claims' table alone."""
MEANINGS = {
    ExitCode.DECIDED: "every claim is decided",
    ExitCode.FAILED: "what FAIL_ON names came out",
    ExitCode.UNDECIDED: "at least one claim is inconclusive",
    ExitCode.INCOMPLETE: "a variant is missing or never got ready",
    ExitCode.INTERRUPTED: "the run was interrupted; what is decided so far is above",
}


def row(variant: VariantSummary) -> tuple[str | Text, ...]:
    memory, requests = variant.memory_bytes, variant.requests
    verdict = variant.verdict.value
    return (
        variant.name,
        Text(verdict, style=STYLES[verdict]),
        mib(memory.baseline if memory else None),
        mib(memory.settled if memory else None),
        mib(memory.growth if memory else None),
        mib(variant.prediction.growth_bytes),
        f"{requests.ok:,}/{requests.sent:,}",
    )


def claims_table(claims: tuple[Claim, ...]) -> Table:
    """A line a claim."""
    table = Table(box=None, pad_edge=False)
    for heading in ("claim", "outcome", "statement"):
        table.add_column(heading, no_wrap=True)
    for claim in claims:
        outcome = Text(claim.outcome.value, style=OUTCOME_STYLES[claim.outcome])
        table.add_row(claim.id, outcome, Text(clipped(claim.statement, STATEMENT_LENGTH)))
    return table


def closing(summary: Summary) -> Group:
    """The end of the terminal's output: the claims' outcomes, else the variants."""
    if not summary.claims:
        return closing_table(summary)
    few = len(summary.variants) + len(summary.run.missing) <= FEW_VARIANTS
    explained = [c for c in summary.claims if few or c.outcome is Outcome.INCONCLUSIVE]
    reasons = [Text(f"{claim.id}: {sentence(claim.reason)}") for claim in explained]
    code = summary.run.exit_code
    return Group(
        closing_table(summary) if few else Text(),
        Text(),
        claims_table(summary.claims),
        *reasons,
        Text(),
        Text(f"{tally(summary.claims)}.", style="bold"),
        Text(f"Exit code {code.value}: {MEANINGS.get(code, code.name.lower())}."),
    )


def closing_table(summary: Summary) -> Group:
    """The answer in words, and a line a variant."""
    table = Table(box=None, pad_edge=False, title="Memory in MiB", title_justify="left")
    for heading in ("variant", "verdict"):
        table.add_column(heading, no_wrap=True)
    for heading in ("baseline", "settled", "growth", "predicted", "ok/sent"):
        table.add_column(heading, justify="right", no_wrap=True)
    for variant in summary.variants:
        table.add_row(*row(variant))
    for missing in summary.run.missing:
        table.add_row(missing.name, "never ran", Text(sentence(missing.reason)))
    overview = overview_of(summary)
    return Group(table, Text(), Text(overview.headline, style="bold"))


def answer_at_terminal(answer: AppAnswer) -> Group:
    """What `make try` ends with: verdict, causes, what helps, what was tried, and the lines."""
    return Group(
        Text(verdict_line(answer), style="bold"),
        *([Text(f"Load: {sentence(answer.load_note)}")] if answer.load_note else []),
        *(Text(f"Cause: {line}") for line in cause_lines(answer)),
        *map(Text, holder_lines(answer)),
        *map(Text, apart_lines(answer)),
        Text(f"What helps: {help_sentence(answer)}", style="bold"),
        *_tried(answer),
        *map(Text, failed_lines(answer)),
        *_live_lines(answer),
    )


def _tried(answer: AppAnswer) -> Iterator[RenderableType]:
    if not answer.changes:
        return
    table = Table(box=None, pad_edge=False)
    first, *others = CHANGE_HEADINGS
    table.add_column(first.lower())
    for heading in others:
        table.add_column(heading.lower(), justify="right", no_wrap=True)
    for cells in change_rows(answer):
        table.add_row(*cells)
    yield Text(f"\n{changes_intro(answer)}")
    yield table


def _live_lines(answer: AppAnswer) -> Iterator[RenderableType]:
    if answer.lines:
        yield Text(f"\n{LINES_HEADING}")
        yield from (Text(f"  {line_size(line)}: {line.site}") for line in answer.lines)
    if answer.types:
        yield Text(f"\n{types_sentence(answer)}")
