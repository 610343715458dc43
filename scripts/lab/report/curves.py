"""The picture of a run: one small panel a variant; up to 24 on one scale, more each on its own."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lab.records.curve import MemoryCurve
from lab.records.summary import Summary, VariantSummary
from lab.report.group_names import split_name, version_key
from lab.report.lines import Dot, TrialLine, dots, line, spans
from lab.report.scales import (
    PANEL_HEIGHT,
    PANEL_WIDTH,
    Scale,
    Tick,
    own_scale,
    predicted_ceiling,
    shared_scale,
    x_ticks,
    y_ticks,
)
from lab.report.template_files import picture
from lab.text.phrases import clipped, counted, in_mib, printable

FLOW_COLUMNS = 3
MOST_COLUMNS = 6
LEAST_FILLED = 0.5
"""Share of the matrix's cells that must hold a variant, else the panels flow."""
TITLE_LENGTH = 22
MOST_ON_ONE_SCALE = 24
"""More variants span so much (20 MiB to 7 GiB in the suite thread) that most would be flat."""

LEGEND_WIDTH = 660
"""The legend's width, as a single panel is narrower."""
TITLE_HEIGHT, GAP, LEFT, TOP, BOTTOM, RIGHT = 22, 18, 58, 30, 46, 12
ROW_HEIGHT = TITLE_HEIGHT + PANEL_HEIGHT + GAP
OWN_SCALE_GAP = 52
"""The gap between columns where each panel has its own labels."""

Cells = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """One variant, drawn."""

    x: int
    y: int
    name: str
    title: str
    verdict: str
    growth: str
    lines: tuple[TrialLine, ...]
    spans: tuple[tuple[float, float], ...]
    troughs: tuple[Dot, ...]
    bytes_top: float
    predicted_y: float | None
    predicted_above: str
    limit_y: float | None
    y_ticks: tuple[Tick, ...]
    shows_y: bool
    shows_x: bool


def render_svg(summary: Summary, curves: Sequence[MemoryCurve], standalone: bool = True) -> str:
    """The memory curves of all variants as one SVG; standalone carries its own style."""
    by_variant: defaultdict[str, list[MemoryCurve]] = defaultdict(list)
    for curve in curves:
        by_variant[curve.variant].append(curve)
    scale = shared_scale(summary.variants, curves)
    cells = grid(summary.variants)
    columns = max((column for column, _ in cells), default=0) + 1
    rows = max((row for _, row in cells), default=0) + 1
    gap = OWN_SCALE_GAP if has_own_scales(summary.variants) else GAP
    text = picture("curves.svg.j2").render(
        panels=_panels(summary.variants, by_variant, scale, cells),
        width=max(LEFT + columns * (PANEL_WIDTH + gap) - gap + RIGHT, LEGEND_WIDTH),
        height=TOP + rows * ROW_HEIGHT - GAP + BOTTOM,
        panel_width=PANEL_WIDTH,
        panel_height=PANEL_HEIGHT,
        x_ticks=x_ticks(scale),
        seconds=scale.seconds,
        own_scales=has_own_scales(summary.variants),
        description=_description(summary),
        standalone=standalone,
    )
    return printable(text)


def has_own_scales(variants: Sequence[VariantSummary]) -> bool:
    """Whether each panel has its own scale of memory; time is everywhere the same."""
    return len(variants) > MOST_ON_ONE_SCALE


def grid(variants: Sequence[VariantSummary]) -> Cells:
    """Column and row of each panel: rows by Python, columns by arm, else a flow."""
    parts = [split_name(variant) for variant in variants]
    arms = list(dict.fromkeys(arm for _, arm in parts))
    pythons = sorted({python for python, _ in parts if python}, key=version_key)
    full = len(set(parts)) == len(parts) and all(python for python, _ in parts)
    filled = len(parts) >= LEAST_FILLED * len(arms) * len(pythons)
    if full and filled and 1 < len(arms) <= MOST_COLUMNS:
        return tuple((arms.index(arm), pythons.index(str(python))) for python, arm in parts)
    columns = min(FLOW_COLUMNS, max(len(parts), 1))
    return tuple((index % columns, index // columns) for index in range(len(parts)))


def _panels(
    variants: Sequence[VariantSummary],
    curves: Mapping[str, Sequence[MemoryCurve]],
    scale: Scale,
    cells: Cells,
) -> list[Panel]:
    own = has_own_scales(variants)
    gap = OWN_SCALE_GAP if own else GAP
    lowest = {column: row for column, row in sorted(cells)}
    leftmost = {row: column for column, row in sorted(cells, reverse=True)}
    return [
        _panel(
            variant,
            curves.get(variant.name, ()),
            own_scale(variant, curves.get(variant.name, ()), scale) if own else scale,
            (LEFT + column * (PANEL_WIDTH + gap), TOP + row * ROW_HEIGHT),
            (own or leftmost[row] == column, lowest[column] == row),
        )
        for variant, (column, row) in zip(variants, cells, strict=True)
    ]


def _panel(
    variant: VariantSummary,
    curves: Sequence[MemoryCurve],
    scale: Scale,
    corner: tuple[int, int],
    axes_shown: tuple[bool, bool],
) -> Panel:
    ceiling = predicted_ceiling(variant)
    above = ceiling is not None and ceiling > scale.bytes_top
    limit = variant.memory_limit_bytes
    return Panel(
        x=corner[0],
        y=corner[1],
        name=variant.name,
        title=clipped(variant.name, TITLE_LENGTH),
        verdict=variant.verdict.value,
        growth=_growth_words(variant),
        lines=tuple(line(curve, scale) for curve in curves if curve.seconds),
        spans=spans(curves[0], scale) if curves else (),
        troughs=tuple(dot for curve in curves for dot in dots(curve, scale)),
        bytes_top=round(scale.bytes_top),
        predicted_y=scale.y(ceiling) if ceiling is not None and not above else None,
        predicted_above=in_mib(ceiling) if above else "",
        limit_y=scale.y(limit) if 0 < limit <= scale.bytes_top else None,
        y_ticks=tuple(y_ticks(scale)),
        shows_y=axes_shown[0],
        shows_x=axes_shown[1],
    )


def _description(summary: Summary) -> str:
    panels = (f"{v.name}: {v.verdict.value}, {_growth_words(v)}" for v in summary.variants)
    scales = "each on its own scale" if has_own_scales(summary.variants) else "on one scale"
    return f"{counted(len(summary.variants), 'panel')}, {scales}. {'; '.join(panels)}."


def _growth_words(variant: VariantSummary) -> str:
    if variant.memory_bytes is None:
        return "not measured"
    return in_mib(variant.memory_bytes.growth, signed=True)
