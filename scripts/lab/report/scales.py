"""Scales and grid lines of the memory curves: seconds and bytes to the pixels of a panel."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lab.records.curve import MemoryCurve
from lab.records.summary import VariantSummary
from lab.text.phrases import number
from lab.units import MIB

PANEL_WIDTH, PANEL_HEIGHT = 284, 104
PREDICTION_HEADROOM = 1.25
"""A predicted ceiling further above everything measured is named, not drawn."""
PANEL_HEADROOM = 1.04
"""The top of a panel, as a multiple of its highest value."""
TICKS = 4
SHORTEST_AXIS = 1e-6
"""Below it an axis has no round numbers."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The scale of all panels, or of one; its origin is the upper left of a panel."""

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


def shared_scale(variants: Sequence[VariantSummary], curves: Sequence[MemoryCurve]) -> Scale:
    """The scale from zero to the highest reading, or to a predicted ceiling close above it."""
    measured = [value for curve in curves for value in (*curve.memory_bytes, *curve.trough_bytes)]
    highest = float(max(measured, default=MIB))
    ceilings = [ceiling for v in variants if (ceiling := predicted_ceiling(v)) is not None]
    drawn = [ceiling for ceiling in ceilings if ceiling <= PREDICTION_HEADROOM * highest]
    seconds = [value for curve in curves for value in (*curve.seconds, *curve.trough_seconds)]
    first, last = min(seconds, default=0.0), max(seconds, default=1.0)
    top = max([highest, *drawn]) * PANEL_HEADROOM
    return Scale((min(first, 0.0), max(last, min(first, 0.0) + 1.0)), max(top, float(MIB)))


def own_scale(variant: VariantSummary, curves: Sequence[MemoryCurve], shared: Scale) -> Scale:
    """The memory of one variant, over the time of all."""
    return Scale(shared.seconds, shared_scale([variant], curves).bytes_top)


def predicted_ceiling(variant: VariantSummary) -> int | None:
    """Baseline and predicted growth together; None when either is missing."""
    if variant.memory_bytes is None or variant.prediction.growth_bytes is None:
        return None
    return variant.memory_bytes.baseline + variant.prediction.growth_bytes


def x_ticks(scale: Scale) -> list[Tick]:
    """Round numbers of seconds."""
    return [Tick(scale.x(value), number(value)) for value in round_numbers(scale.seconds[1])]


def y_ticks(scale: Scale) -> list[Tick]:
    """Round numbers of MiB."""
    ticks = round_numbers(scale.bytes_top / MIB)
    digits = 0 if ticks[-1] >= TICKS else 1
    return [Tick(scale.y(value * MIB), number(value, digits)) for value in ticks]


def round_numbers(last: float) -> list[float]:
    """Round numbers from 0 on that stay below `last`; 0 alone where a clock went back."""
    if last < SHORTEST_AXIS:
        return [0.0]
    rough = last / TICKS
    power = 10.0 ** np.floor(np.log10(rough))
    step = float(next(factor for factor in (1, 2, 5, 10) if factor * power >= rough) * power)
    return [step * index for index in range(int(last / step) + 1)]
