"""The table that a run ends with at the terminal."""

from rich.console import Group
from rich.table import Table
from rich.text import Text

from lab.answer import answer
from lab.summary import Summary, VariantSummary
from lab.units import format_mib
from lab.wording import DASH

STYLES = {"flat": "green", "bounded": "cyan", "leak": "red", "inconclusive": "yellow"}


def size(value: int | None) -> str:
    """MiB without the unit, which the table's heading says once."""
    return DASH if value is None else format_mib(value).removesuffix(" MiB")


def row(variant: VariantSummary) -> tuple[str | Text, ...]:
    memory, requests = variant.memory_bytes, variant.requests
    verdict = variant.verdict.value
    return (
        variant.name,
        Text(verdict, style=STYLES[verdict]),
        size(memory.baseline if memory else None),
        size(memory.settled if memory else None),
        size(memory.growth if memory else None),
        size(variant.prediction.growth_bytes),
        f"{requests.ok:,}/{requests.sent:,}",
    )


def closing_table(summary: Summary) -> Group:
    """The answer in words, and a line a variant."""
    table = Table(box=None, pad_edge=False, title="memory in MiB", title_justify="left")
    for heading in ("variant", "verdict"):
        table.add_column(heading, no_wrap=True)
    for heading in ("baseline", "settled", "growth", "predicted", "ok/sent"):
        table.add_column(heading, justify="right", no_wrap=True)
    for variant in summary.variants:
        table.add_row(*row(variant))
    for missing in summary.run.missing:
        table.add_row(missing.name, "never ran", Text(missing.reason))
    found = answer(summary)
    return Group(table, Text(), Text(found.headline, style="bold"))
