"""Made-up measurements of every statement: its rules never contradict each other."""

from random import Random

from builders.made import BOOK, measured
from lab.claims.judge import judge_claims
from lab.records.judgement import Outcome, Verdict


def test_no_two_outcomes_hold_at_once_whatever_is_measured() -> None:
    for record in BOOK.claims:
        luck = Random(record.id)
        for _ in range(100):
            case = {role: anything(luck) for role in record.roles}
            (claim,) = judge_claims([record], measured(record, case))
            assert claim.outcome in Outcome, record.id


def anything(luck: Random) -> dict[str, object]:
    """Numbers of one variant, from the sizes at which rules tend to meet."""
    sizes = (-2, 0, 5, 20, 48, 60, 97, 150, 400, 610, 1200, 6800)
    answered = luck.choice((0, 9, 20))
    return {
        **{mark: luck.choice(sizes) for mark in ("growth", "first", "second", "half", "peak")},
        "verdict": luck.choice(tuple(Verdict)),
        "workers": luck.choice((1, 4)),
        "threads": [5, luck.choice((5, 6, 10, 45, 205))],
        "failed": luck.choice((0, 0, 0, 3, 50)),
        "oom": luck.choice((0, 0, 2, None)),
        "end": luck.choice(("complete", "complete", "complete", "died")),
        "cpu": luck.choice((10.0, 11.5, 16.0, 22.0)),
        "companion": luck.choice((0.05, 0.1, 2.0)),
        "limit": luck.choice((128, 700, 4096)),
        "before": 634,
        "after": luck.choice((40, 330, 630)),
        "asked": luck.choice((0, 20)),
        "answered": answered,
    }
