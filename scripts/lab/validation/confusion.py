"""The lab's way with made-up trials, and the table of what it said of each family."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lab.records.judgement import Verdict
from lab.stopping import next_blocks, wants_more
from lab.validation.simulate import Case
from lab.verdict.verdict import judge_troughs

MOST_FALSE_LEAKS = 0.005
MOST_MISSED_LEAKS = 0.05
MOST_INCONCLUSIVE = 0.10
"""Of every family, not only of all together."""

COLUMNS = (Verdict.FLAT, Verdict.BOUNDED, Verdict.LEAK, Verdict.INCONCLUSIVE)
HEADING = (
    f"{'family':34}{'truth':>9}"
    + "".join(f"{verdict.value:>14}" for verdict in COLUMNS)
    + f"{'loads':>7}"
)


@dataclass(frozen=True, slots=True)
class FamilyRow:
    """What was said of one family."""

    family: str
    leaks: bool
    said: Mapping[Verdict, int]
    loads: float
    """How many times the load that was asked for it took, on average."""

    @property
    def cases(self) -> int:
        """How many curves."""
        return sum(self.said.values())

    def count(self, verdict: Verdict) -> int:
        """How often that was said."""
        return self.said.get(verdict, 0)


def judge_in_sequence(case: Case) -> tuple[Verdict, float]:
    """The verdict after as much load as a run would give it, and how many loads that was."""
    asked = blocks = case.load.blocks
    while True:
        verdict = judge_troughs(case.troughs(blocks)).verdict
        if not wants_more(verdict, asked, blocks):
            return verdict, blocks / asked
        blocks += next_blocks(asked)


def rows(families: Mapping[str, Sequence[Case]]) -> Iterator[FamilyRow]:
    """One family after the other, as soon as it is judged."""
    for family, cases in families.items():
        found = [judge_in_sequence(case) for case in cases]
        said = Counter(verdict for verdict, _ in found)
        loads = sum(loads for _, loads in found) / len(found)
        yield FamilyRow(family, cases[0].leaks, said, loads)


def line(row: FamilyRow) -> str:
    """A row of the table."""
    counts = "".join(f"{row.count(verdict):>14}" for verdict in COLUMNS)
    return f"{row.family:34}{'leak' if row.leaks else 'no leak':>9}{counts}{row.loads:>7.2f}"


def rate(rows: Iterable[FamilyRow], verdicts: Sequence[Verdict]) -> tuple[int, int]:
    """How often one of those was said, of how many."""
    known = list(rows)
    said = sum(row.count(verdict) for row in known for verdict in verdicts)
    return said, sum(row.cases for row in known)


def summary(found: Sequence[FamilyRow]) -> list[tuple[str, int, int, float]]:
    """What is bounded: its name, how often, of how many, and the most that is allowed."""
    others = (Verdict.FLAT, Verdict.BOUNDED)
    without, leaks = ([row for row in found if row.leaks is kind] for kind in (False, True))
    worst = max(found, key=lambda row: row.count(Verdict.INCONCLUSIVE) / row.cases)
    family = worst.count(Verdict.INCONCLUSIVE), worst.cases
    return [
        ("false leaks", *rate(without, (Verdict.LEAK,)), MOST_FALSE_LEAKS),
        ("missed leaks", *rate(leaks, others), MOST_MISSED_LEAKS),
        ("inconclusive", *rate(found, (Verdict.INCONCLUSIVE,)), MOST_INCONCLUSIVE),
        (f"inconclusive, worst family ({worst.family})", *family, MOST_INCONCLUSIVE),
    ]
