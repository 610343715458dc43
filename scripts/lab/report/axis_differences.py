"""What differs between the variants that grew and those that stayed flat."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations

from lab.records.summary import VariantSummary
from lab.report.group_names import version_key
from lab.report.prediction_inputs import input_words
from lab.text.phrases import Fact, as_number, listed, number, size, span
from lab.units import MIB

Facts = Mapping[str, Fact]

NOT_COMPARED = frozenset({"suite"})
MOST_VALUES = 5
"""Distinct values of an axis past which being different is not an explanation."""
MOST_DIFFERENCES_NAMED = 4
MATERIAL_SHARE = 0.10
"""Numbers closer than this share of the larger one do not count as different."""
MATERIAL_BYTES = MIB
MOST_COMBINED = 3


@dataclass(frozen=True, slots=True)
class AxisDifference:
    """An axis, or an input of the prediction, whose values do not meet across two groups."""

    name: str
    grown: str
    flat: str
    predicted: bool

    def __str__(self) -> str:
        return f"{self.name} ({self.grown} where memory grew, {self.flat} where it stayed flat)"


def difference_sentences(
    grown: Sequence[VariantSummary], flat: Sequence[VariantSummary], grown_name: str
) -> list[str]:
    """Sentences on the axes and predicted inputs that tell the two groups apart.

    Args:
        grown_name: what the sentences call the first group, such as `the variants that grew`.
    """
    if not grown or not flat:
        return []
    differences = _differences(grown, flat)
    axes = [each for each in differences if not each.predicted]
    inputs = [each for each in differences if each.predicted]
    groups = f"{grown_name} from the flat ones"
    if axes:
        sentences = _axis_sentences(axes, groups)
    else:
        sentences = [_combination_sentence(grown, flat, inputs, groups)]
    if inputs:
        sentences.append(f"Inputs of the prediction that differ with them: {_named(inputs)}.")
    return sentences


def _axes(variant: VariantSummary) -> Facts:
    return {key: value for key, value in asdict(variant.axes).items() if key not in NOT_COMPARED}


def _differences(
    grown: Sequence[VariantSummary], flat: Sequence[VariantSummary]
) -> list[AxisDifference]:
    axes = _meeting_nowhere([_axes(v) for v in grown], [_axes(v) for v in flat], False)
    inputs = _meeting_nowhere([_inputs(v) for v in grown], [_inputs(v) for v in flat], True)
    return [*axes, *inputs]


def _inputs(variant: VariantSummary) -> Facts:
    inputs = variant.prediction.inputs
    return {key: value for key, value in inputs.items() if not hasattr(variant.axes, key)}


def _meeting_nowhere(
    grown: Sequence[Facts], flat: Sequence[Facts], predicted: bool
) -> list[AxisDifference]:
    differences = []
    for key in grown[0]:
        grown_values = [facts.get(key) for facts in grown]
        flat_values = [facts.get(key) for facts in flat]
        if _apart(key, grown_values, flat_values):
            show = size if key.endswith("bytes") else number
            texts = _shown(grown_values, show), _shown(flat_values, show)
            differences.append(AxisDifference(input_words(key), *texts, predicted))
    return differences


def is_material(name: str, low: float, high: float) -> bool:
    """Whether two numbers of that name differ by more than a calibration's noise."""
    least = MATERIAL_BYTES if name.endswith("bytes") else 0
    return high > low and high - low >= max(MATERIAL_SHARE * abs(high), least)


def _apart(key: str, grown: Sequence[Fact], flat: Sequence[Fact]) -> bool:
    left = [value for value in map(as_number, grown) if value is not None]
    right = [value for value in map(as_number, flat) if value is not None]
    if len(left) == len(grown) and len(right) == len(flat):
        lower, upper = sorted((left, right), key=min)
        return is_material(key, max(lower), min(upper))
    if left and right:
        return False
    few = len({*grown, *flat}) <= MOST_VALUES
    return few and not {*grown} & {*flat}


def _shown(values: Iterable[Fact], show: Callable[[float], str]) -> str:
    distinct = set(values)
    numbers = sorted(value for value in map(as_number, distinct) if value is not None)
    if len(numbers) == len(distinct):
        return span([show(value) for value in numbers])
    texts = ["not set" if value is None else str(value) for value in distinct]
    return listed(sorted(texts, key=lambda text: (version_key(text), text)))


def _named(differences: Sequence[AxisDifference]) -> str:
    return listed([str(each) for each in differences], MOST_DIFFERENCES_NAMED)


def _axis_sentences(axes: Sequence[AxisDifference], groups: str) -> list[str]:
    sentences = [f"What separates {groups}: {_named(axes)}."]
    if len(axes) > 1:
        sentences.append(
            f"These {len(axes)} axes vary together in this run, so which one matters is open."
        )
    return sentences


def _combination_sentence(
    grown: Sequence[VariantSummary],
    flat: Sequence[VariantSummary],
    inputs: Sequence[AxisDifference],
    groups: str,
) -> str:
    grown_axes, flat_axes = [_axes(v) for v in grown], [_axes(v) for v in flat]
    if together := _combination(grown_axes, flat_axes):
        return (
            f"No single axis separates {groups}. A combination does: "
            f"all that grew, and no flat one, have {together}."
        )
    if together := _combination(flat_axes, grown_axes):
        return (
            f"No single axis separates {groups}. A combination does: "
            f"all that stayed flat, and none that grew, have {together}."
        )
    if inputs:
        return f"No axis of the matrix separates {groups}."
    return f"No axis of the matrix and no input of the prediction separates {groups}."


def _combination(inside: Sequence[Facts], outside: Sequence[Facts]) -> str | None:
    """The fewest axis values that all inside share and no variant outside has together."""
    first, *rest = inside
    shared = {
        key: value
        for key, value in first.items()
        if value is not None and all(facts.get(key) == value for facts in rest)
    }
    for count in range(1, MOST_COMBINED + 1):
        for chosen in combinations(shared.items(), count):
            if not any(all(facts.get(k) == v for k, v in chosen) for facts in outside):
                return " with ".join(f"{input_words(key)} {value}" for key, value in chosen)
    return None
