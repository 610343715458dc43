"""Which number the growth of the bounded variants rises with."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from lab.records.summary import VariantSummary
from lab.report.axis_differences import is_material
from lab.text.phrases import as_number, mib_span, number, size

FOLLOW_TOLERANCE = 0.10
"""Growth follows a number when it never falls by more than this share on the way up."""
MOST_LABELS = 6


def follow_sentence(grown: Sequence[VariantSummary]) -> str | None:
    """A sentence on the number of threads and whether growth rises with it; None: too few vary."""
    threads = _steps_of(grown, _predicted_threads(grown), "predicted threads")
    measured = _steps_of(grown, _started_threads(grown), "threads that started")
    others = [_steps_of(grown, column, name) for name, column in _other_numbers(grown)]
    for steps in (threads, measured):
        if steps and steps.follows():
            return f"Among the bounded variants, growth rises with the number of {steps}."
    for steps in others:
        if steps and len(steps.medians) > 2 and steps.follows():
            return f"Among the bounded variants, growth rises with {steps}."
    if threads:
        return f"Among the bounded variants, growth does not rise with the number of {threads}."
    return None


@dataclass(frozen=True, slots=True)
class _Steps:
    name: str
    medians: tuple[tuple[float, float], ...]
    """Value and median growth in bytes, ordered by value."""
    labels: tuple[str, ...]

    def follows(self) -> bool:
        growths = [growth for _, growth in self.medians]
        pairs = pairwise(growths)
        steady = all(after >= before * (1 - FOLLOW_TOLERANCE) for before, after in pairs)
        return steady and growths[-1] > growths[0] * (1 + FOLLOW_TOLERANCE)

    def __str__(self) -> str:
        return f"{self.name}: {'; '.join(_thinned(self.labels[::-1]))}"


def _thinned(labels: Sequence[str]) -> list[str]:
    if len(labels) <= MOST_LABELS:
        return list(labels)
    half = MOST_LABELS // 2
    left_out = f"({len(labels) - 2 * half} between)"
    return [*labels[:half], left_out, *labels[-half:]]


def _steps_of(
    variants: Sequence[VariantSummary], column: Sequence[float | None], name: str
) -> _Steps | None:
    growths: defaultdict[float, list[int]] = defaultdict(list)
    for variant, value in zip(variants, column, strict=True):
        if value is None or variant.memory_bytes is None:
            return None
        growths[value].append(variant.memory_bytes.growth)
    ordered = sorted(growths.items())
    if not ordered or not is_material(name, ordered[0][0], ordered[-1][0]):
        return None
    show = size if name.endswith("bytes") else number
    return _Steps(
        name,
        tuple((value, median(group)) for value, group in ordered),
        tuple(f"{show(value)} → {mib_span(group)}" for value, group in ordered),
    )


def _predicted_threads(variants: Sequence[VariantSummary]) -> list[float | None]:
    keys = [key for key in _shared_inputs(variants) if "thread" in key and "bytes" not in key]
    keys.sort(key=lambda key: (key != "threads", key))
    best = next((key for key in keys if len(set(_input(variants, key))) > 1), None)
    return _input(variants, best) if best else [None] * len(variants)


def _started_threads(variants: Sequence[VariantSummary]) -> list[float | None]:
    return [
        variant.threads.settled - variant.threads.baseline
        if variant.threads.settled is not None and variant.threads.baseline is not None
        else None
        for variant in variants
    ]


def _other_numbers(
    variants: Sequence[VariantSummary],
) -> list[tuple[str, list[float | None]]]:
    keys = [key for key in _shared_inputs(variants) if "thread" not in key]
    return [(key.replace("_", " "), _input(variants, key)) for key in keys]


def _shared_inputs(variants: Sequence[VariantSummary]) -> list[str]:
    if not variants:
        return []
    keys = variants[0].prediction.inputs
    return [key for key in keys if all(value is not None for value in _input(variants, key))]


def _input(variants: Iterable[VariantSummary], key: str) -> list[float | None]:
    return [as_number(variant.prediction.inputs.get(key)) for variant in variants]
