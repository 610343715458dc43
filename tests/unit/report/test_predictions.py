from dataclasses import replace

from builders import factories
from lab.records.summary import VariantSummary
from lab.report.predictions import InputRow, PredictionRow, predictions
from lab.units import MIB

ROOT = "workers x threads x kept"


def predicted(name: str, threads: int, formula: str) -> VariantSummary:
    growth = threads * 10 * MIB
    made = factories.variant_summary(name, growth=growth, predicted=growth)
    inputs = {
        "workers": 1,
        "threads": threads,
        "thread_kept_bytes": 10 * MIB,
        "threads_rule": "one a request",
    }
    return replace(made, prediction=replace(made.prediction, formula=formula, inputs=inputs))


def test_a_formula_and_each_input_are_said_once() -> None:
    few = [predicted(f"py{python}-flask", 2, f"{ROOT} = 1 x 2 x 10") for python in (38, 39)]
    many = predicted("py37-flask", 20, f"{ROOT} = 1 x 20 x 10")
    shown = predictions([many, *few])

    assert shown.formula == ROOT
    assert shown.rows == (
        PredictionRow("Python 3.7 flask", "+200 MiB", "+200 MiB", "1 x 20 x 10"),
        PredictionRow("flask on Python 3.8 and 3.9", "+20.0 MiB", "+20.0 MiB", "1 x 2 x 10"),
    )
    assert shown.inputs == (
        InputRow("workers", "1", "All variants"),
        InputRow("threads", "20", "Python 3.7 flask"),
        InputRow("threads", "2", "flask on Python 3.8 and 3.9"),
        InputRow("retained by a thread", "10,485,760 B (10.0 MiB)", "All variants"),
        InputRow("rule for threads", "one a request", "All variants"),
    )


def test_formulas_that_differ_stand_in_their_rows() -> None:
    shown = predictions([predicted("one", 2, "a = 1"), predicted("two", 3, "b = 2")])

    assert shown.formula == ""
    assert [row.computed for row in shown.rows] == ["a = 1", "b = 2"]


def test_what_was_not_predicted_says_why() -> None:
    shown = predictions([predicted("one", 2, "a = 1"), factories.unmeasured("two")])

    assert shown.formula == "a"
    assert [row.computed for row in shown.rows] == [
        "1",
        "not calibrated: the variant never got ready",
    ]
    assert [row.predicted for row in shown.rows] == ["+20.0 MiB", "\N{EN DASH}"]
