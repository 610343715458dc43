"""Synthetic curves of memory over the time of a trial."""

import math
from collections.abc import Sequence

from lab.records.curve import MemoryCurve
from lab.records.summary import VariantSummary
from lab.units import MIB


def curve(variant: VariantSummary, trial: int = 1, points: int = 300) -> MemoryCurve:
    """A saw-tooth that rises through the troughs of the variant's trial."""
    marks = variant.trials[0].troughs_bytes if variant.trials else ()
    if not marks:
        return MemoryCurve(variant.name, trial, (), (), (), (), ())
    blocks = len(marks) - 1
    step = 30.0
    times = tuple(blocks * step * index / (points - 1) for index in range(points))
    return MemoryCurve(
        variant=variant.name,
        trial=trial,
        seconds=times,
        memory_bytes=tuple(_memory_at(time, step, marks) for time in times),
        block_spans_seconds=tuple((index * step, index * step + 18) for index in range(blocks)),
        block_ok=(125,) * blocks,
        trough_seconds=tuple(index * step for index in range(blocks + 1)),
        trough_bytes=marks,
    )


def _memory_at(time: float, step: float, marks: Sequence[int]) -> int:
    index = min(int(time / step), len(marks) - 2)
    within = time - index * step
    base = marks[index] + (marks[index + 1] - marks[index]) * min(1.0, within / 18)
    busy = 16 * MIB * abs(math.sin(time)) if within < 18 else 0
    return int(base + busy)


def curves(variants: Sequence[VariantSummary], points: int = 300) -> tuple[MemoryCurve, ...]:
    """One curve a trial of each variant."""
    return tuple(
        curve(variant, trial.trial, points) for variant in variants for trial in variant.trials
    )
