"""The sentences of the report's first screen, each pinned here and nowhere else.

The reason of a verdict is pinned in `verdict/test_reasons.py`.
"""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from builders import app_answers, factories
from builders.made import BOOK, claims_summary
from lab.claims.judge import judge_claims
from lab.records.judgement import Verdict
from lab.records.summary import VariantSummary
from lab.report.overview import overview_of
from lab.units import MIB


def findings(variants: Sequence[VariantSummary]) -> tuple[str, ...]:
    return overview_of(factories.summary(variants)).findings


def test_the_overview_of_the_core_suite() -> None:
    overview = overview_of(factories.core_summary())

    assert overview.headline == "Of 12 variants, 8 grew to a ceiling and stopped and 4 stayed flat."
    assert [f"{line.names} {line.text}" for line in overview.lines] == [
        "Python 3.7 fastapi-sync grew by 2,991 MiB to a ceiling of 3,015 MiB and stopped. "
        "Predicted: +3,052 MiB; measured growth is 0.98 times that.",
        "fastapi-sync on Python 3.8 to 3.10 grew by 374 to 389 MiB to a ceiling of 398 to 413 MiB "
        "and stopped. Predicted: +381 to +397 MiB; measured growth is 0.98 times that.",
        "flask on every Python (3.7 to 3.10) grew by 120 MiB to a ceiling of 144 MiB and stopped. "
        "Predicted: +122 MiB; measured growth is 0.98 times that.",
        "fastapi-async on every Python (3.7 to 3.10) stayed flat: +0.3 MiB, settled at 24.3 MiB. "
        "Predicted: 0.0 MiB.",
    ]
    assert overview.findings == (
        "What separates the variants that grew from the flat ones: "
        "endpoint (sync where memory grew, async where it stayed flat).",
        "Inputs of the prediction that differ with them: "
        "threads (8 to 200 where memory grew, 0 where it stayed flat).",
        "Among the bounded variants, growth rises with the number of predicted threads: "
        "200 → 2,991 MiB; 26 → 389 MiB; 25 → 374 MiB; 8 → 120 MiB.",
        "Measured growth is within 10% of the prediction in 8 of 8 variants with 1 MiB or more "
        "predicted.",
    )


def test_a_leak_and_what_has_no_verdict() -> None:
    variants = [
        factories.variant_summary("one", Verdict.LEAK, growth=40 * MIB, predicted=None),
        factories.unmeasured("two"),
        factories.variant_summary("three", predicted=9 * MIB),
    ]
    overview = overview_of(factories.summary(variants))

    assert overview.headline == "Of 3 variants, 1 leaks, 1 stayed flat and 1 is inconclusive."
    assert [f"{line.names} {line.text}" for line in overview.lines] == [
        "one was still growing at the last reading: +40.0 MiB, at 64.0 MiB, 0 B a request. "
        "Nothing was predicted.",
        "three stayed flat: 0.0 MiB, settled at 24.0 MiB. Predicted: +9.0 MiB; measured "
        "growth is 0.00 times that.",
        "two has no verdict. It never got ready within 60 s.",
    ]


def test_an_app_is_not_compared_by_the_axes_of_the_matrix() -> None:
    assert overview_of(app_answers.own_summary()).findings == ()


def test_where_nothing_is_predicted_of_any_variant_no_line_says_so() -> None:
    variants = [factories.variant_summary("one", Verdict.LEAK, growth=40 * MIB, predicted=None)]
    (told,) = overview_of(factories.summary(variants)).lines

    assert told.text.endswith("64.0 MiB, 0 B a request.")


@pytest.mark.parametrize(
    ("changes", "headline", "warnings"),
    [
        ({}, "Nothing was measured: no variant ran.", ()),
        (
            {"partial": True, "missing": (factories.missing("py39-flask"),)},
            "Nothing was measured: no variant ran.",
            (
                "This run is partial: it ended before all variants were measured.",
                "1 variant never ran: py39-flask (its image did not build).",
            ),
        ),
    ],
)
def test_warnings(changes: dict[str, object], headline: str, warnings: tuple[str, ...]) -> None:
    overview = overview_of(factories.summary((), **changes))

    no_pass = "This is not a pass: without served requests and readings there is no verdict."
    assert (overview.headline, overview.warnings) == (headline, (*warnings, no_pass))


def test_failed_requests_are_a_warning() -> None:
    failing = factories.failures(factories.variant_summary("one"), (), reset=179)

    assert overview_of(factories.summary([failing])).warnings[-1] == (
        "179 of 1,000 requests failed at one."
    )


def test_another_axis_is_found_as_well() -> None:
    variants = [
        factories.variant_summary(
            f"py{python}-fastapi-sync",
            Verdict.BOUNDED if python == "37" else Verdict.FLAT,
            growth=100 * MIB if python == "37" else 0,
        )
        for python in ("37", "38", "310")
    ]

    assert findings(variants)[0] == (
        "What separates the variants that grew from the flat ones: "
        "python (3.7 where memory grew, 3.8 and 3.10 where it stayed flat)."
    )


def test_axes_that_vary_together_are_not_told_apart() -> None:
    variants = [
        factories.variant_summary("py37-fastapi-sync", Verdict.BOUNDED, growth=100 * MIB),
        factories.variant_summary("py38-fastapi-async"),
    ]

    assert findings(variants)[1] == (
        "These 2 axes vary together in this run, so which one matters is open."
    )


def test_leaks_and_ceilings_are_compared_with_the_flat_ones_apart() -> None:
    variants = [
        factories.variant_summary("py37-fastapi-sync", Verdict.LEAK, growth=100 * MIB),
        factories.variant_summary("py38-fastapi-sync", Verdict.BOUNDED, growth=100 * MIB),
        factories.variant_summary("py39-fastapi-sync"),
    ]

    assert findings(variants)[:2] == (
        "What separates the variants that leak from the flat ones: "
        "python (3.7 where memory grew, 3.9 where it stayed flat).",
        "What separates the bounded variants from the flat ones: "
        "python (3.8 where memory grew, 3.9 where it stayed flat).",
    )


def test_a_combination_of_axes_is_found() -> None:
    variants = [
        factories.variant_summary(
            f"py{python}-fastapi-{endpoint}",
            Verdict.BOUNDED if (python, endpoint) == ("37", "sync") else Verdict.FLAT,
        )
        for python in ("37", "38")
        for endpoint in ("sync", "async")
    ]

    assert findings(variants)[0] == (
        "No single axis separates the variants that grew from the flat ones. A combination does: "
        "all that grew, and no flat one, have python 3.7 with endpoint sync."
    )


NOTHING_SEPARATES = (
    "No axis of the matrix and no input of the prediction separates the variants that grew from "
    "the flat ones."
)


def test_nothing_that_separates_is_said() -> None:
    variants = [
        factories.variant_summary("one", Verdict.BOUNDED, growth=20 * MIB),
        factories.variant_summary("two"),
    ]

    assert findings(variants)[0] == NOTHING_SEPARATES


def test_the_noise_of_a_calibration_separates_nothing() -> None:
    prediction = factories.variant_summary().prediction
    variants = [
        factories.variant_summary(
            name, verdict, prediction=replace(prediction, inputs={"kept_bytes": kept})
        )
        for name, verdict, kept in (
            ("one", Verdict.BOUNDED, 16_000_000),
            ("two", Verdict.FLAT, 15_900_000),
        )
    ]

    assert findings(variants)[0] == NOTHING_SEPARATES


def test_growth_that_does_not_rise_with_the_threads_is_said() -> None:
    variants = [
        factories.variant_summary(f"v{threads}", Verdict.BOUNDED, growth, 1, threads)
        for threads, growth in ((5, 90 * MIB), (20, 40 * MIB), (80, 10 * MIB))
    ]

    assert findings(variants) == (
        "Every decided variant grew, so there is no flat one to compare with.",
        "Among the bounded variants, growth does not rise with the number of predicted threads: "
        "80 → 10.0 MiB; 20 → 40.0 MiB; 5 → 90.0 MiB.",
    )


def test_a_prediction_that_is_far_off_is_named() -> None:
    variants = [factories.variant_summary("one", growth=2 * MIB, predicted=4 * MIB)]

    assert findings(variants) == (
        "No decided variant grew, so there is no difference to explain.",
        "Measured growth is within 10% of the prediction in 0 of 1 variant with 1 MiB or more "
        "predicted; the largest difference is at one: 0.50 times the prediction.",
    )


def test_a_run_of_one_claim_has_its_reason_in_the_headline() -> None:
    summary = claims_summary()
    one = replace(summary, claims=summary.claims[22:23], topics=())

    reason = one.claims[0].reason
    assert overview_of(one).headline == f"T23 is refuted. O{reason.removeprefix('o')}."


def test_the_headline_of_all_claims_counts_their_outcomes() -> None:
    overview = overview_of(claims_summary())

    assert overview.headline == (
        "42 statements of the thread: 2 reproduced, 17 refuted, 23 conditional, 0 inconclusive."
    )
    assert overview.findings == (
        "Of 73 variants, 1 leaks, 53 grew to a ceiling and stopped and 19 stayed flat.",
    )


def test_claims_that_are_open_are_warnings() -> None:
    open_ones = replace(claims_summary(), claims=judge_claims(BOOK.claims, []))
    warnings = overview_of(open_ones).warnings

    assert any(
        each.startswith("T01 is inconclusive. Not measured: py37-original-db") for each in warnings
    )
    assert warnings[-1].startswith("Also inconclusive: T06, T07")


def test_every_sentence_begins_and_ends_as_one() -> None:
    for summary in (factories.core_summary(), claims_summary(), app_answers.own_summary()):
        overview = overview_of(summary)
        for text in (overview.headline, *overview.findings, *overview.warnings):
            assert text[0].isupper() or text[0].isdigit(), text
            assert text.endswith(".")
        assert all(line.text.endswith(".") for line in overview.lines)
