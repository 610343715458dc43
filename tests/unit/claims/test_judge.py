"""Each of the 42 statements can come out either way, and never without being measured."""

from dataclasses import replace

import pytest
from builders import factories
from builders.made import BOOK, CASES, RECORDS, made, measured
from lab.claims.book import faults
from lab.claims.judge import (
    ContradictionError,
    claims_decided,
    claims_to_judge,
    judge_claims,
    topics_of,
    variants_to_repeat,
)
from lab.claims.records import ClaimRecord, OutcomeRule
from lab.claims.rules import parse
from lab.records.experiment import MissingVariant
from lab.records.judgement import Outcome, Verdict
from lab.records.summary import RequestCounts
from lab.records.trial import EndKind

EVERY = [
    pytest.param(record, outcome, case, id=f"{record.id}-{outcome}-{number}")
    for record in BOOK.claims
    for outcome, cases in CASES[record.id].items()
    for number, case in enumerate(cases, 1)
]
IDS = tuple(f"T{number:02d}" for number in range(1, 43))


@pytest.mark.parametrize(("record", "outcome", "case"), EVERY)
def test_a_made_up_measurement_has_its_outcome(
    record: ClaimRecord, outcome: str, case: dict[str, dict[str, object]]
) -> None:
    (claim,) = judge_claims([record], measured(record, case))

    assert (claim.outcome.value, claim.reason) == (outcome, claim.reason)
    assert "{" not in claim.reason


def test_there_are_the_42_of_them_in_order() -> None:
    assert tuple(RECORDS) == IDS
    assert tuple(CASES) == IDS


def test_every_outcome_that_a_record_names_can_come_out() -> None:
    for record in BOOK.claims:
        named = {each.outcome.value for each in record.outcomes}

        assert {"reproduced", "refuted"} <= named, record.id
        assert set(CASES[record.id]) == named | {"inconclusive"}, record.id


def test_without_its_variants_a_claim_is_inconclusive() -> None:
    for record in BOOK.claims:
        first = next(iter(record.roles.values()))
        (claim,) = judge_claims([record], [], [MissingVariant(first, "why")])

        assert claim.outcome is Outcome.INCONCLUSIVE, record.id
        assert f"{first} (why)" in claim.reason, record.id


def test_one_variant_that_is_wanting_is_enough() -> None:
    for record in BOOK.claims:
        case = CASES[record.id]["reproduced"][0]
        (claim,) = judge_claims([record], measured(record, case)[1:])

        assert claim.outcome is Outcome.INCONCLUSIVE, record.id
        assert "no trial was recorded" in claim.reason, record.id


@pytest.mark.parametrize("outcome", ["reproduced", "refuted"])
def test_what_served_nothing_decides_nothing(outcome: str) -> None:
    for record in BOOK.claims:
        nothing = RequestCounts(1000, 0, 1000, {"refused": 1000})
        found = [
            replace(v, requests=nothing) for v in measured(record, CASES[record.id][outcome][0])
        ]
        (claim,) = judge_claims([record], found)

        assert claim.outcome is Outcome.INCONCLUSIVE, record.id
        assert "served no request" in claim.reason, record.id


def test_a_trial_that_was_broken_off_decides_nothing() -> None:
    for record in BOOK.claims:
        found = [
            replace(variant, trials=(replace(variant.trials[0], end=EndKind.INTERRUPTED),))
            for variant in measured(record, CASES[record.id]["refuted"][0])
        ]
        (claim,) = judge_claims([record], found)

        assert claim.outcome is Outcome.INCONCLUSIVE, record.id
        assert "ended early (interrupted)" in claim.reason, record.id


def test_a_record_says_everything_that_a_reader_asks() -> None:
    for record in BOOK.claims:
        words = (
            record.statement,
            record.differs,
            record.measured,
            record.condition,
            record.opposite,
        )

        assert faults(record) == [], record.id
        assert all(words), record.id
        assert len(record.statement) <= 160, record.id


def test_a_reason_is_one_readable_sentence() -> None:
    for record in BOOK.claims:
        for outcome, cases in CASES[record.id].items():
            (claim,) = judge_claims([record], measured(record, cases[0]))
            assert len(claim.reason) <= 300, (record.id, outcome)


def test_rules_that_contradict_each_other_are_a_fault_of_the_record() -> None:
    rule = parse("db.growth_bytes >= 0")
    both = tuple(OutcomeRule(each, rule, "so") for each in (Outcome.REPRODUCED, Outcome.REFUTED))

    with pytest.raises(ContradictionError, match="T01: the rules of reproduced and refuted"):
        judge_claims([replace(RECORDS["T01"], outcomes=both)], [made("py37-original-db", {})])


def test_the_evidence_names_role_variant_trials_and_numbers() -> None:
    record = RECORDS["T23"]
    case = {"uvloop": {"growth": 610}, "asyncio": {"growth": 611}}
    (claim,) = judge_claims([record], measured(record, case))

    assert claim.reason == "on 3.7 asyncio kept 611 MiB and uvloop 610 MiB"
    assert [(e.role, e.variant, e.trials, dict(e.numbers)) for e in claim.evidence] == [
        ("uvloop", "py37-uvicorn-uvloop", 1, {"growth_bytes": 610 << 20}),
        ("asyncio", "py37-uvicorn-asyncio", 1, {"growth_bytes": 611 << 20}),
    ]


def test_between_the_bounds_the_numbers_and_the_next_step_are_said() -> None:
    record = RECORDS["T23"]
    case = {"uvloop": {"growth": 610}, "asyncio": {"growth": 400}}
    (claim,) = judge_claims([record], measured(record, case))

    assert claim.reason == (
        "between the bounds: uvloop growth_bytes 610 MiB and asyncio growth_bytes 400 MiB; "
        "TRIALS=3 would show whether it is noise"
    )


def test_a_role_that_no_rule_reads_may_be_missing() -> None:
    record = RECORDS["T28"]
    case = {"threaded": {"growth": 600}, "single": {"growth": 5}}
    (alone,) = judge_claims([record], measured(record, case))
    low = made("py37-flask-dev-low", {"growth": 15})
    (beside,) = judge_claims([record], [*measured(record, case), low])

    assert (alone.outcome, len(alone.evidence)) == (Outcome.REPRODUCED, 2)
    assert (beside.outcome, len(beside.evidence)) == (Outcome.REPRODUCED, 3)
    assert "one at a time 15.0 MiB" in beside.reason


def test_published_predicted_and_measured_stand_side_by_side() -> None:
    record = RECORDS["T12"]
    (claim,) = judge_claims([record], measured(record, CASES["T12"]["reproduced"][0]))
    (growth,) = [row for row in claim.rows if (row.role, row.quantity) == ("py37", "growth_bytes")]

    assert (growth.published, growth.predicted, growth.measured) == (7262471004, 0, 6800 << 20)


def test_only_what_was_asked_for_is_judged() -> None:
    needed = tuple(RECORDS["T23"].roles.values())

    def asked(names: tuple[str, ...], only: str | None = None, every: bool = False) -> list[str]:
        return [record.id for record in claims_to_judge(BOOK, names, only, every)]

    assert asked(needed) == ["T23", "T25"]
    assert asked(needed, only="T23") == ["T23"]
    assert asked((), every=True) == list(IDS)
    assert asked(("py37-flask",)) == []


def test_a_question_is_shown_when_all_its_claims_were_judged() -> None:
    every = judge_claims(BOOK.claims, [])

    assert len(topics_of(BOOK.topics, every)) == len(BOOK.topics) >= 5
    assert topics_of(BOOK.topics, every[:3]) == ()
    assert {p.claim for t in topics_of(BOOK.topics, every) for p in t.positions} <= set(IDS)


def test_progress_counts_what_is_decided() -> None:
    records = [RECORDS["T23"], RECORDS["T24"]]

    assert claims_decided(records, measured(RECORDS["T23"], {})) == (1, 2)
    assert claims_decided(records, []) == (0, 2)


def test_a_claim_without_a_verdict_asks_for_that_variant_again() -> None:
    record = RECORDS["T24"]
    open_one = {"uvloop": {"growth": 60, "verdict": "inconclusive"}}

    assert variants_to_repeat([record], measured(record, open_one)) == ("py38-numpy-uvloop",)
    assert variants_to_repeat([record], measured(record, {})) == ()


def test_a_claim_between_the_bounds_asks_for_all_its_variants_again() -> None:
    record = RECORDS["T23"]
    case = {"uvloop": {"growth": 610}, "asyncio": {"growth": 400}}

    assert variants_to_repeat([record], measured(record, case)) == tuple(record.roles.values())


def test_more_of_the_same_does_not_help_where_something_else_is_wanting() -> None:
    record = RECORDS["T02"]

    assert variants_to_repeat([record], measured(record, {"db": {"threads": [20, None]}})) == ()
    assert variants_to_repeat([record], []) == ()


def test_a_second_trial_that_decides_settles_the_verdict() -> None:
    record = RECORDS["T13"]
    first = made("py37-model-sync", {"growth": 200, "verdict": "inconclusive"})
    second = replace(first.trials[0], trial=2, verdict=Verdict.BOUNDED)
    both = replace(first, trials=(first.trials[0], second))
    (claim,) = judge_claims([record], [both])

    assert claim.outcome is Outcome.CONDITIONAL


def test_faults_of_a_record_are_named() -> None:
    record = RECORDS["T23"]
    wrong = OutcomeRule(Outcome.REPRODUCED, parse("nobody.growth_bytes > 1"), "{uvloop.colour}")

    assert faults(replace(record, outcomes=(wrong,))) == [
        "T23: 'nobody' is not a role",
        "T23: 'colour' is not a quantity",
    ]


def test_a_summary_of_claims_is_stable() -> None:
    variants = measured(RECORDS["T23"], {})

    assert judge_claims(BOOK.claims, variants) == judge_claims(BOOK.claims, variants)
    assert factories.summary(variants).topics == ()
