from dataclasses import replace

import pytest
from builders.made import made
from lab.claims.quantities import QUANTITIES, quantity, quantity_text
from lab.claims.rules import Gap
from lab.records.judgement import Verdict
from lab.records.summary import RequestCounts, VariantSummary
from lab.units import MIB

NAME = "py37-cpus8"
GROWN = made(
    NAME, {"growth": 100, "first": 40, "second": 60, "half": 80, "threads": [5, 45], "peak": 130}
)


def why(variant: VariantSummary, name: str) -> str:
    found = quantity(variant, name)
    assert isinstance(found, Gap)
    return found.unread[0].why


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("growth_bytes", 100 * MIB),
        ("settled_bytes", 124 * MIB),
        ("peak_growth_bytes", 130 * MIB),
        ("first_block_growth_bytes", 40 * MIB),
        ("second_block_growth_bytes", 60 * MIB),
        ("half_growth_bytes", 80 * MIB),
        ("second_half_growth_bytes", 20 * MIB),
        ("highest_growth_bytes", 100 * MIB),
        ("lowest_growth_bytes", 60 * MIB),
        ("mean_growth_bytes_per_request", 100 * MIB / 1000),
        ("flat_bytes", 12 * MIB),
        ("threads_gained", 40),
        ("verdict", "bounded"),
        ("stopped", True),
        ("leaks", False),
        ("end", "complete"),
        ("concurrency", 40),
        ("reset", 0),
    ],
)
def test_a_quantity(name: str, expected: object) -> None:
    assert quantity(GROWN, name) == expected


@pytest.mark.parametrize("name", sorted(QUANTITIES))
def test_every_quantity_is_read_or_a_gap(name: str) -> None:
    assert quantity(GROWN, name) is not None


def test_what_was_not_measured_is_a_gap_and_not_0() -> None:
    assert why(made(NAME, {"peak": None}), "peak_growth_bytes") == (
        "peak_growth_bytes was not measured"
    )
    assert why(made(NAME, {"oom": None}), "oom_kills") == "oom_kills was not measured"
    assert why(GROWN, "answered") == "answered was not measured"


def test_an_inconclusive_verdict_leaves_its_numbers() -> None:
    open_one = made(NAME, {"growth": 100, "verdict": "inconclusive"})

    assert quantity(open_one, "growth_bytes") == 100 * MIB
    assert why(open_one, "leaks").startswith("no verdict: ")


def test_trials_that_disagree_have_no_verdict() -> None:
    leak = replace(GROWN.trials[0], trial=2, verdict=Verdict.LEAK)

    assert why(replace(GROWN, trials=(*GROWN.trials, leak)), "stopped").startswith("no verdict")


def test_a_death_leaves_the_counts_alone() -> None:
    died = made(NAME, {"growth": 100, "end": "died", "failed": 30})

    assert quantity(died, "failed") == 30
    assert why(died, "growth_bytes") == "it died under the load"


def test_a_load_that_was_hardly_served_leaves_no_growth() -> None:
    hardly = replace(GROWN, requests=RequestCounts(1000, 400, 600, {"timeout": 600}))

    assert quantity(hardly, "ok") == 400
    assert why(hardly, "growth_bytes") == "it answered only 400 of 1,000 requests"


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("growth_bytes", 610 * MIB, "610 MiB"),
        ("mean_growth_bytes_per_request", 272_000, "266 KiB"),
        ("elapsed_seconds", 16.6, "16.6 s"),
        ("companion_p50_seconds", 0.0123, "12 ms"),
        ("answered", 20, "20"),
        ("leaks", False, "no"),
        ("verdict", "leak", "leak"),
        ("growth_bytes", None, "\N{EN DASH}"),
    ],
)
def test_a_value_in_words(name: str, value: object, text: str) -> None:
    assert quantity_text(name, value) == text  # type: ignore[arg-type]
