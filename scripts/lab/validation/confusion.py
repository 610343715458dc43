"""The verdicts on simulated trials, and the table of verdicts by family."""

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
"""The bound for every single family, not only for all together."""

COLUMNS = (Verdict.FLAT, Verdict.BOUNDED, Verdict.LEAK, Verdict.INCONCLUSIVE)
HEADING = (
    f"{'family':34}{'truth':>9}"
    + "".join(f"{verdict.value:>14}" for verdict in COLUMNS)
    + f"{'loads':>7}"
)


@dataclass(frozen=True, slots=True)
class FamilyRow:
    """The verdicts on one family."""

    family: str
    leaks: bool
    said: Mapping[Verdict, int]
    loads: float
    """The mean load until a verdict, as a multiple of the planned load."""

    @property
    def cases(self) -> int:
        """The number of curves."""
        return sum(self.said.values())

    def count(self, verdict: Verdict) -> int:
        """The number of curves with that verdict."""
        return self.said.get(verdict, 0)


def judge_in_sequence(case: Case) -> tuple[Verdict, float]:
    """The verdict after the load that a run would send, and that load as a multiple of the plan."""
    planned = blocks = case.load.blocks
    while True:
        said = judge_troughs(case.troughs(blocks))
        if not wants_more(said.verdict, planned, blocks, open_ended=said.open_ended):
            return said.verdict, blocks / planned
        blocks += next_blocks(planned)


def rows(families: Mapping[str, Sequence[Case]]) -> Iterator[FamilyRow]:
    """A row for each family, as soon as it is judged."""
    for family, cases in families.items():
        judged = [judge_in_sequence(case) for case in cases]
        said = Counter(verdict for verdict, _ in judged)
        loads = sum(loads for _, loads in judged) / len(judged)
        yield FamilyRow(family, cases[0].leaks, said, loads)


def line(row: FamilyRow) -> str:
    """A row of the table."""
    counts = "".join(f"{row.count(verdict):>14}" for verdict in COLUMNS)
    return f"{row.family:34}{'leak' if row.leaks else 'no leak':>9}{counts}{row.loads:>7.2f}"


def rate(rows: Iterable[FamilyRow], verdicts: Sequence[Verdict]) -> tuple[int, int]:
    """The number of curves with one of these verdicts, and of all curves."""
    every = list(rows)
    said = sum(row.count(verdict) for row in every for verdict in verdicts)
    return said, sum(row.cases for row in every)


def summary(families: Sequence[FamilyRow]) -> list[tuple[str, int, int, float]]:
    """Each bounded rate: its name, the count, the total, and the largest share allowed."""
    others = (Verdict.FLAT, Verdict.BOUNDED)
    without, leaks = ([row for row in families if row.leaks is kind] for kind in (False, True))
    worst = max(families, key=lambda row: row.count(Verdict.INCONCLUSIVE) / row.cases)
    family = worst.count(Verdict.INCONCLUSIVE), worst.cases
    return [
        ("false leaks", *rate(without, (Verdict.LEAK,)), MOST_FALSE_LEAKS),
        ("missed leaks", *rate(leaks, others), MOST_MISSED_LEAKS),
        ("inconclusive", *rate(families, (Verdict.INCONCLUSIVE,)), MOST_INCONCLUSIVE),
        (f"inconclusive, worst family ({worst.family})", *family, MOST_INCONCLUSIVE),
    ]
