"""The report of a run as Markdown, HTML, SVG and JSON; pure, from its summary and curves."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from lab.records.codec import encode
from lab.records.curve import MemoryCurve
from lab.records.summary import Summary, VariantSummary
from lab.report import claims_page as thread_page
from lab.report import sections
from lab.report.answer_text import (
    LINES_HEADING,
    answer_body,
    cause_details,
    change_rows,
    changes_intro,
    failed_lines,
    headline_of,
    line_size,
    types_sentence,
)
from lab.report.curves import has_own_scales, render_svg
from lab.report.legend import READING
from lab.report.overview import Overview, overview_of
from lab.report.predictions import predictions
from lab.report.table import COLUMNS, Cell
from lab.report.template_files import environment
from lab.text.markdown import markdown_code, markdown_fence, markdown_text
from lab.text.phrases import UNPRINTABLE, capital, clipped, counted, printable, sentence

__all__ = ["render_all", "render_html", "render_markdown", "render_svg", "summary_json"]

MARKDOWN_LIMIT = 60_000
"""GitHub refuses an issue or comment past 65,536 characters; some room is left to quote it."""
RECORDED_COMMAND = (
    "The run's own files say that this command started it. Nothing checks that: in a run from "
    "someone else it is a stranger's text, so read it before you type it."
)
CUT_NOTE = "\n\n*This report was cut here; all of it is in `report.html` and `summary.json`.*\n"


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that the Markdown report shows of each list; None: all."""

    rows: int | None = None
    details: int | None = None
    log_lines: int | None = 40
    text: int | None = None
    """Most characters of a text from outside the report."""
    claims: int | None = None
    """Claims of which the details are shown; their table is always whole."""


LIMITS = (
    Limits(),
    Limits(details=40, log_lines=20, text=400),
    Limits(rows=200, details=20, log_lines=10, text=240),
    Limits(rows=200, details=6, log_lines=4, text=160),
    Limits(rows=200, details=6, log_lines=4, text=120, claims=12),
    Limits(rows=100, details=6, log_lines=4, text=120, claims=0),
    Limits(rows=40, details=4, log_lines=2, text=100, claims=0),
)
"""Limits from none to the tightest; the first whose report fits is used."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """One variant in the table."""

    name: str
    verdict: str
    cells: tuple[Cell, ...]
    markers: tuple[int, ...]
    share: float
    """Growth as a share of the largest growth of the run."""


def render_all(summary: Summary, curves: Sequence[MemoryCurve]) -> Mapping[str, str]:
    """Every file of the report by its name."""
    page = {"thread.md": render_thread(summary)} if summary.claims else {}
    return {
        **page,
        "summary.json": summary_json(summary),
        "report.md": render_markdown(summary),
        "report.html": render_html(summary, curves),
        "curves.svg": render_svg(summary, curves),
    }


def render_markdown(summary: Summary) -> str:
    """GitHub Flavored Markdown of at most MARKDOWN_LIMIT characters."""
    context = _context(summary)
    text = ""
    for limits in LIMITS:
        text = _markdown(context, limits)
        if len(text) <= MARKDOWN_LIMIT:
            return text
    whole_lines = text[: MARKDOWN_LIMIT - len(CUT_NOTE)].rpartition("\n")[0]
    return whole_lines + CUT_NOTE


def render_thread(summary: Summary) -> str:
    """The page that answers the thread: what it contradicts itself about, and the claims."""
    page = _environment(escaped=False).get_template("thread.md.j2")
    text = page.render(**_context(summary), limits=Limits())
    return re.sub(r"\n{3,}", "\n\n", printable(text)).strip() + "\n"


def render_html(summary: Summary, curves: Sequence[MemoryCurve]) -> str:
    """One page that needs no network; its script sorts the table and reads the curves."""
    figure = Markup(render_svg(summary, curves, standalone=False))
    page = _environment(escaped=True).get_template("report.html.j2")
    return printable(page.render(**_context(summary), figure=figure)).rstrip() + "\n"


def summary_json(summary: Summary) -> str:
    """The summary as JSON: fields in their declared order, mappings by key."""
    text = json.dumps(encode(summary, by_key=True), indent=2, ensure_ascii=False, allow_nan=False)
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return UNPRINTABLE.sub(_escaped, whole) + "\n"


def _escaped(match: re.Match[str]) -> str:
    """The text escaped as ASCII JSON, so that no control character reaches a terminal."""
    return json.dumps(match[0])[1:-1]


def _context(summary: Summary) -> dict[str, Any]:
    notes = sections.footnotes(summary.variants)
    return {
        "run": summary.run,
        "answer": _answer(summary),
        "claims": summary.claims,
        "own": summary.own,
        "own_changes": list(change_rows(summary.own)) if summary.own else [],
        "lines_heading": LINES_HEADING,
        "own_body": answer_body(summary.own) if summary.own else "",
        "questions": thread_page.questions(summary),
        "published": thread_page.published_rows(summary.claims),
        "own_scales": has_own_scales(summary.variants),
        "columns": COLUMNS,
        "groups": _column_groups(),
        "rows": _rows(summary.variants, notes),
        "footnotes": notes.texts,
        "predictions": predictions(summary.variants),
        "reasons": sections.reasons(summary.variants),
        "bad_endings": sections.bad_endings(summary.variants),
        "versions": sections.versions(summary.variants),
        "bases_sentence": sections.bases_sentence(summary.run.bases),
        "comparison_rows": sections.comparison_rows(summary),
        "facts": sections.run_facts(summary),
        "reading": READING,
        "recorded_command": RECORDED_COMMAND,
    }


def _answer(summary: Summary) -> Overview:
    """The overview of a run; for a run on one user app its headline is the app's."""
    overview = overview_of(summary)
    if summary.own is None:
        return overview
    return replace(overview, headline=headline_of(summary.own))


def _column_groups() -> list[tuple[str, int]]:
    """Headings that span their columns, with how many."""
    groups: list[tuple[str, int]] = []
    for column in COLUMNS:
        if groups and groups[-1][0] == column.group:
            groups[-1] = (column.group, groups[-1][1] + 1)
        else:
            groups.append((column.group, 1))
    return groups


def _rows(variants: Sequence[VariantSummary], notes: sections.Footnotes) -> list[TableRow]:
    growths = [v.memory_bytes.growth if v.memory_bytes else 0 for v in variants]
    largest = max([*growths, 1])
    return [
        TableRow(
            name=variant.name,
            verdict=variant.verdict.value,
            cells=tuple(column.cell(variant) for column in COLUMNS),
            markers=notes.markers[variant.name],
            share=round(max(growth, 0) / largest, 3),
        )
        for variant, growth in zip(variants, growths, strict=True)
    ]


def _markdown(context: Mapping[str, Any], limits: Limits) -> str:
    text = _environment(escaped=False).get_template("report.md.j2").render(**context, limits=limits)
    return re.sub(r"\n{3,}", "\n\n", printable(text)).strip() + "\n"


@lru_cache(maxsize=2)
def _environment(escaped: bool) -> Environment:
    made = environment(escaped=escaped)
    made.filters |= {
        "md": markdown_text,
        "code": markdown_code,
        "fence": markdown_fence,
        "clip": clipped,
        "counted": counted,
        "capital": capital,
        "sentence": sentence,
        "cause_details": cause_details,
        "changes_intro": changes_intro,
        "failed_lines": failed_lines,
        "line_size": line_size,
        "types_sentence": types_sentence,
        "evidence": thread_page.evidence_text,
        "variants_of": thread_page.variants_text,
    }
    return made
