import pytest
from lab.records.judgement import Verdict
from lab.verdict.joint import disagreement, joint_verdict

FLAT, BOUNDED, LEAK, OPEN = (
    Verdict.FLAT,
    Verdict.BOUNDED,
    Verdict.LEAK,
    Verdict.INCONCLUSIVE,
)


@pytest.mark.parametrize(
    ("verdicts", "joint"),
    [
        ([FLAT], FLAT),
        ([OPEN], OPEN),
        ([LEAK, LEAK], LEAK),
        ([OPEN, BOUNDED], BOUNDED),
        ([LEAK, OPEN], LEAK),
        ([OPEN, OPEN, BOUNDED], OPEN),
        ([FLAT, BOUNDED], BOUNDED),
        ([FLAT, BOUNDED, FLAT], FLAT),
        ([BOUNDED, LEAK], OPEN),
        ([FLAT, FLAT, LEAK], OPEN),
    ],
)
def test_the_joint_verdict_is_that_of_the_decided_trials(
    verdicts: list[Verdict], joint: Verdict
) -> None:
    assert joint_verdict(verdicts) is joint
    assert (disagreement(verdicts) is None) == (joint is not OPEN or len(set(verdicts)) == 1)


def test_a_trial_that_broke_off_must_have_the_verdict_of_the_others() -> None:
    assert joint_verdict([OPEN, BOUNDED], complete=False) is OPEN
    assert joint_verdict([BOUNDED, BOUNDED], complete=False) is BOUNDED


def test_trials_that_disagree_are_counted() -> None:
    assert disagreement([FLAT, FLAT, LEAK]) == (
        "Its 3 trials disagree (2 x flat, 1 x leak): run more TRIALS."
    )
