from dataclasses import replace

import pytest
from builders.app_answers import app_answer, own_summary
from builders.factories import summary, unmeasured, variant_summary
from lab.records.holders import Package
from lab.records.judgement import Interval, Verdict
from lab.records.summary import Summary, VariantSummary
from lab.share.agreement import Agreement, agreement_of, open_variants
from lab.units import MIB


def leaking(rate: float, spread: float = 1.0) -> VariantSummary:
    interval = Interval(rate, rate - spread, rate + spread)
    return replace(variant_summary("a", Verdict.LEAK), growth_bytes_per_request=interval)


def of(variant: VariantSummary) -> Summary:
    return summary((variant,))


def outcome(there: VariantSummary, here: VariantSummary) -> Agreement:
    return agreement_of(of(there), of(here)).outcome


def test_the_same_verdict_agrees() -> None:
    flat = variant_summary("a", Verdict.FLAT)

    assert outcome(flat, flat) is Agreement.AGREES


def test_another_verdict_differs_and_says_which() -> None:
    agreement = agreement_of(of(leaking(900)), of(variant_summary("a", Verdict.FLAT)))

    assert agreement.outcome is Agreement.DIFFERS
    assert agreement.reason == "a: The verdict there is leak, here flat."


@pytest.mark.parametrize("inconclusive_here", [True, False])
def test_an_inconclusive_verdict_is_undecided(inconclusive_here: bool) -> None:
    pair = (leaking(900), variant_summary("a", Verdict.INCONCLUSIVE))

    assert outcome(*(pair if inconclusive_here else pair[::-1])) is Agreement.UNDECIDED


def test_a_run_with_which_nobody_can_agree_is_known_before_it_is_sent() -> None:
    """Python 3.8's locks served 875 of 4,000 requests on a busy machine, and a bundle was made."""
    unclear = variant_summary("b", Verdict.INCONCLUSIVE)
    own = own_summary()
    beside = variant_summary("own-shop-one-arena", Verdict.INCONCLUSIVE)

    assert open_variants(summary((leaking(900), unclear))) == ("b",)
    assert open_variants(replace(own, variants=(*own.variants, beside))) == ()


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        (1001, Agreement.AGREES),
        (1900, Agreement.AGREES),
        (2100, Agreement.DIFFERS),
        (510, Agreement.AGREES),
        (490, Agreement.DIFFERS),
    ],
)
def test_leaks_agree_up_to_a_factor_of_two(rate: float, expected: Agreement) -> None:
    assert outcome(leaking(1000), leaking(rate)) is expected


def test_wide_intervals_that_overlap_agree() -> None:
    agreement = agreement_of(of(leaking(1000, 900)), of(leaking(3000, 1500)))

    assert (agreement.outcome, agreement.variants[0].overlap) == (Agreement.AGREES, True)


@pytest.mark.parametrize(("growth", "expected"), [(90, Agreement.AGREES), (30, Agreement.DIFFERS)])
def test_ceilings_agree_up_to_a_factor_of_two(growth: int, expected: Agreement) -> None:
    there = variant_summary("a", Verdict.BOUNDED, growth=100 * MIB)
    here = variant_summary("a", Verdict.BOUNDED, growth=growth * MIB)

    assert outcome(there, here) is expected


def test_what_was_not_measured_here_is_undecided() -> None:
    there = summary((variant_summary("a"), variant_summary("b")))
    agreement = agreement_of(there, of(variant_summary("a")))

    assert (agreement.outcome, agreement.reason) == (
        Agreement.UNDECIDED,
        "b was not measured here.",
    )


def test_nothing_measured_is_never_an_agreement() -> None:
    empty = summary(())

    assert agreement_of(empty, empty).outcome is Agreement.UNDECIDED
    assert outcome(unmeasured("a"), unmeasured("a")) is Agreement.UNDECIDED


def test_of_a_user_app_the_app_as_it_is_decides() -> None:
    there = own_summary()
    changed = variant_summary("own-shop-one-arena", Verdict.FLAT)
    there = replace(there, variants=(*there.variants, changed))
    here = replace(there, variants=(there.variants[0], replace(changed, verdict=Verdict.LEAK)))

    assert agreement_of(there, here).outcome is Agreement.AGREES
    assert agreement_of(there, own_summary()).outcome is Agreement.AGREES


def test_another_culprit_differs() -> None:
    there = replace(own_summary(), own=replace(app_answer(), package=Package("ujson", "5.3", None)))
    here = replace(own_summary(), own=replace(app_answer(), package=Package("orjson", "3", None)))

    agreement = agreement_of(there, here)

    assert agreement.outcome is Agreement.DIFFERS
    assert agreement.reason == "The memory is held by ujson there and by orjson here."


@pytest.mark.parametrize(
    ("name", "tracker", "expected"),
    [
        ("pydantic_core", "https://github.com/pydantic/pydantic-core", Agreement.AGREES),
        ("pydantic-core", "https://github.com/someone/pydantic-core", Agreement.DIFFERS),
        ("pydantic-core", None, Agreement.DIFFERS),
        ("orjson", "https://github.com/pydantic/orjson", Agreement.DIFFERS),
    ],
)
def test_a_part_of_a_project_is_no_other_project(
    name: str, tracker: str | None, expected: Agreement
) -> None:
    """One run named pydantic for a leak, another pydantic-core, by how much C code it saw."""
    packages = (
        Package("pydantic", "2.5.2", "https://github.com/pydantic/pydantic/issues"),
        Package(name, "2.14.5", tracker),
    )
    base = own_summary()
    runs = [replace(base, own=replace(app_answer(), package=each)) for each in packages]

    assert agreement_of(*runs).outcome is expected
    assert agreement_of(*reversed(runs)).outcome is expected
