"""The picture of a run: one small panel a variant; up to 24 on one scale, more each on its own."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from numpy.typing import NDArray

from lab.records.curve import MemoryCurve
from lab.records.summary import Summary, VariantSummary
from lab.report.group_names import split_name, version_key
from lab.text.phrases import MIB, clipped, counted, in_mib, number, printable

TEMPLATES = Path(__file__).parent / "templates"
MOST_POINTS = 240
GAP_SECONDS = 5.0
GAP_FACTOR = 5.0
"""A hole this many times the usual step, and longer than GAP_SECONDS, breaks the line."""
PREDICTION_HEADROOM = 1.25
"""A predicted ceiling further above everything measured is named, not drawn."""
TICKS = 4
SHORTEST_AXIS = 1e-6
"""Below it an axis has no round numbers."""
FLOW_COLUMNS = 3
MOST_COLUMNS = 6
LEAST_FILLED = 0.5
"""Share of the matrix's cells that must hold a variant, else the panels flow."""
TITLE_LENGTH = 22
MOST_ON_ONE_SCALE = 24
"""More span so much (20 MiB to 7 GiB in the suite thread) that most would be flat lines."""

PANEL_WIDTH, PANEL_HEIGHT = 284, 104
LEGEND_WIDTH = 660
"""A single panel is narrower than what explains it."""
TITLE_HEIGHT, GAP, LEFT, TOP, BOTTOM, RIGHT = 22, 18, 58, 30, 46, 12
ROW_HEIGHT = TITLE_HEIGHT + PANEL_HEIGHT + GAP
OWN_SCALE_GAP = 52
"""Between columns where each panel has its own labels."""

Cells = tuple[tuple[int, int], ...]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scale:
    """Of all panels, or of one; origin at the lower left of a panel."""

    seconds: tuple[float, float]
    bytes_top: float

    def x(self, seconds: float) -> float:
        first, last = self.seconds
        return round((seconds - first) / (last - first) * PANEL_WIDTH, 1)

    def y(self, size_bytes: float) -> float:
        return round(PANEL_HEIGHT * (1 - size_bytes / self.bytes_top), 1)


@dataclass(frozen=True, slots=True)
class Tick:
    """A grid line and its label."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One variant, drawn."""

    x: int
    y: int
    name: str
    title: str
    verdict: str
    growth: str
    lines: tuple[str, ...]
    spans: tuple[tuple[float, float], ...]
    troughs: tuple[tuple[float, float], ...]
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
    scale = _scale(summary.variants, curves)
    cells = grid(summary.variants)
    columns = max((column for column, _ in cells), default=0) + 1
    rows = max((row for _, row in cells), default=0) + 1
    gap = OWN_SCALE_GAP if has_own_scales(summary.variants) else GAP
    text = _template().render(
        panels=_panels(summary.variants, by_variant, scale, cells),
        width=max(LEFT + columns * (PANEL_WIDTH + gap) - gap + RIGHT, LEGEND_WIDTH),
        height=TOP + rows * ROW_HEIGHT - GAP + BOTTOM,
        panel_width=PANEL_WIDTH,
        panel_height=PANEL_HEIGHT,
        x_ticks=_x_ticks(scale),
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


def downsample(values: Floats, most: int = MOST_POINTS) -> NDArray[np.intp]:
    """Indices of at most `most` points that keep the lowest and highest of each bucket."""
    count = len(values)
    if count <= most:
        return np.arange(count)
    buckets = most // 2
    length = -(-count // buckets)
    padded = np.pad(values, (0, buckets * length - count), mode="edge").reshape(buckets, length)
    starts = np.arange(buckets) * length
    picked = np.concatenate([starts + padded.argmin(axis=1), starts + padded.argmax(axis=1)])
    kept: NDArray[np.intp] = np.unique(np.minimum(picked, count - 1))
    return kept


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
            _own_scale(variant, curves.get(variant.name, ()), scale) if own else scale,
            (LEFT + column * (PANEL_WIDTH + gap), TOP + row * ROW_HEIGHT),
            (own or leftmost[row] == column, lowest[column] == row),
        )
        for variant, (column, row) in zip(variants, cells, strict=True)
    ]


def _panel(
    variant: VariantSummary,
    curves: Sequence[MemoryCurve],
    scale: Scale,
    place: tuple[int, int],
    axes_shown: tuple[bool, bool],
) -> Panel:
    ceiling = predicted_ceiling(variant)
    above = ceiling is not None and ceiling > scale.bytes_top
    limit = variant.memory_limit_bytes
    return Panel(
        x=place[0],
        y=place[1],
        name=variant.name,
        title=clipped(variant.name, TITLE_LENGTH),
        verdict=variant.verdict.value,
        growth=_growth_words(variant),
        lines=tuple(_path(curve, scale) for curve in curves if curve.seconds),
        spans=_spans(curves[0], scale) if curves else (),
        troughs=tuple(point for curve in curves for point in _troughs(curve, scale)),
        predicted_y=scale.y(ceiling) if ceiling is not None and not above else None,
        predicted_above=in_mib(ceiling) if above else "",
        limit_y=scale.y(limit) if 0 < limit <= scale.bytes_top else None,
        y_ticks=tuple(_y_ticks(scale)),
        shows_y=axes_shown[0],
        shows_x=axes_shown[1],
    )


def predicted_ceiling(variant: VariantSummary) -> int | None:
    """Baseline and predicted growth together; None when either is missing."""
    if variant.memory_bytes is None or variant.prediction.growth_bytes is None:
        return None
    return variant.memory_bytes.baseline + variant.prediction.growth_bytes


def _path(curve: MemoryCurve, scale: Scale) -> str:
    seconds = np.asarray(curve.seconds, dtype=float)
    watched = np.asarray(curve.watched_seconds or curve.seconds, dtype=float)
    values = np.asarray(curve.memory_bytes, dtype=float)
    picked = downsample(values)
    breaks = np.concatenate([[True], np.diff(_pieces(watched)[picked]) > 0])
    first, last = scale.seconds
    xs = (seconds[picked] - first) / (last - first) * PANEL_WIDTH
    ys = PANEL_HEIGHT * (1 - values[picked] / scale.bytes_top)
    points = zip(breaks.tolist(), xs.tolist(), ys.tolist(), strict=True)
    return "".join(f"{'M' if starts else 'L'}{x:.1f} {y:.1f}" for starts, x, y in points)


def _pieces(seconds: Floats) -> NDArray[np.intp]:
    """The number of gaps before each sample."""
    if len(seconds) < 2:
        return np.zeros(len(seconds), dtype=np.intp)
    steps = np.diff(seconds)
    wide = steps > max(GAP_SECONDS, GAP_FACTOR * float(np.median(steps)))
    return np.concatenate([[0], np.cumsum(wide)])


def _spans(curve: MemoryCurve, scale: Scale) -> tuple[tuple[float, float], ...]:
    return tuple(
        (scale.x(start), round(scale.x(end) - scale.x(start), 1))
        for start, end in curve.block_spans_seconds
    )


def _troughs(curve: MemoryCurve, scale: Scale) -> Iterable[tuple[float, float]]:
    points = zip(curve.trough_seconds, curve.trough_bytes, strict=True)
    return ((scale.x(seconds), scale.y(size_bytes)) for seconds, size_bytes in points)


def _scale(variants: Sequence[VariantSummary], curves: Sequence[MemoryCurve]) -> Scale:
    measured = [value for curve in curves for value in (*curve.memory_bytes, *curve.trough_bytes)]
    highest = float(max(measured, default=MIB))
    ceilings = [ceiling for v in variants if (ceiling := predicted_ceiling(v)) is not None]
    drawn = [ceiling for ceiling in ceilings if ceiling <= PREDICTION_HEADROOM * highest]
    seconds = [value for curve in curves for value in (*curve.seconds, *curve.trough_seconds)]
    first, last = min(seconds, default=0.0), max(seconds, default=1.0)
    top = max([highest, *drawn]) * 1.04
    return Scale((min(first, 0.0), max(last, min(first, 0.0) + 1.0)), max(top, float(MIB)))


def _own_scale(variant: VariantSummary, curves: Sequence[MemoryCurve], shared: Scale) -> Scale:
    """The memory of one variant, over the time of all."""
    return Scale(shared.seconds, _scale([variant], curves).bytes_top)


def _ticks(last: float) -> list[float]:
    """Round numbers from 0 on that stay below `last`; 0 alone where a clock went back."""
    if last < SHORTEST_AXIS:
        return [0.0]
    rough = last / TICKS
    power = 10.0 ** np.floor(np.log10(rough))
    step = float(next(factor for factor in (1, 2, 5, 10) if factor * power >= rough) * power)
    return [step * index for index in range(int(last / step) + 1)]


def _x_ticks(scale: Scale) -> list[Tick]:
    return [Tick(scale.x(value), number(value)) for value in _ticks(scale.seconds[1])]


def _y_ticks(scale: Scale) -> list[Tick]:
    ticks = _ticks(scale.bytes_top / MIB)
    digits = 0 if ticks[-1] >= TICKS else 1
    return [Tick(scale.y(value * MIB), number(value, digits)) for value in ticks]


def _description(summary: Summary) -> str:
    told = (f"{v.name}: {v.verdict.value}, {_growth_words(v)}" for v in summary.variants)
    scales = "each on its own scale" if has_own_scales(summary.variants) else "on one scale"
    return f"{counted(len(summary.variants), 'panel')}, {scales}. {'; '.join(told)}."


def _growth_words(variant: VariantSummary) -> str:
    if variant.memory_bytes is None:
        return "not measured"
    return in_mib(variant.memory_bytes.growth, signed=True)


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    return environment.get_template("curves.svg.j2")
