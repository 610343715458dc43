"""The predictions of a run, each formula and each input said once."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from lab.records.summary import VariantSummary
from lab.report.group_names import group_namer
from lab.report.prediction_inputs import input_value, input_words
from lab.text.phrases import DASH, in_mib, mib_span

EQUALS = " = "
"""The separator of a formula, the formula with its numbers, and the result."""


@dataclass(frozen=True, slots=True)
class PredictionRow:
    """Variants with the same predicted growth from the same numbers."""

    names: str
    predicted: str
    measured: str
    computed: str
    """The formula with its numbers; the whole formula where it is not shared by all."""


@dataclass(frozen=True, slots=True)
class InputRow:
    """One value of one input, and the variants that were predicted from it."""

    name: str
    value: str
    names: str


@dataclass(frozen=True, slots=True)
class Predictions:
    """All predictions of a run."""

    formula: str
    """The formula that all predictions share; empty where they differ."""
    rows: tuple[PredictionRow, ...]
    inputs: tuple[InputRow, ...]


def predictions(variants: Sequence[VariantSummary]) -> Predictions:
    """Each prediction, equal ones in one row; each input and value in one row."""
    symbolic = {_split(variant)[0] for variant in variants} - {""}
    shared = symbolic.pop() if len(symbolic) == 1 else ""
    return Predictions(shared, _rows(variants, bool(shared)), _input_rows(variants))


def _split(variant: VariantSummary) -> tuple[str, str]:
    """The formula in names and in numbers; the first is empty where there are no numbers."""
    formula = variant.prediction.formula
    names, equals, numbers = formula.partition(EQUALS)
    return (names, numbers) if equals else ("", formula)


def _rows(variants: Sequence[VariantSummary], is_shared: bool) -> tuple[PredictionRow, ...]:
    groups: defaultdict[tuple[str, str], list[VariantSummary]] = defaultdict(list)
    for variant in variants:
        made = variant.prediction
        computed = (_split(variant)[1] if is_shared else made.formula) or DASH
        groups[in_mib(made.growth_bytes, signed=True), computed].append(variant)
    name = group_namer(variants)
    return tuple(
        PredictionRow(name(members), predicted, _measured(members), computed)
        for (predicted, computed), members in groups.items()
    )


def _measured(members: Sequence[VariantSummary]) -> str:
    growths = [variant.memory_bytes.growth for variant in members if variant.memory_bytes]
    return mib_span(growths, signed=True) if growths else DASH


def _input_rows(variants: Sequence[VariantSummary]) -> tuple[InputRow, ...]:
    users: defaultdict[str, defaultdict[str, list[VariantSummary]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for variant in variants:
        for name, value in variant.prediction.inputs.items():
            users[name][input_value(name, value)].append(variant)
    group = group_namer(variants)
    return tuple(
        InputRow(input_words(name), value, group(members))
        for name, values in users.items()
        for value, members in values.items()
    )
