"""The verdicts on simulated trials, and the table of verdicts by family."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeAlias

from lab.records.judgement import STOPPED, Verdict
from lab.stopping import Rule, next_blocks, wants_more
from lab.validation.simulate import Case
from lab.verdict.sequential import ending_of
from lab.verdict.verdict import judge_troughs


@dataclass(frozen=True, slots=True)
class Bounds:
    """The largest shares allowed."""

    false_leaks: float
    missed_leaks: float
    inconclusive: float
    worst_family: float
    """The largest share of inconclusive curves in any single family."""


FIXED_BOUNDS = Bounds(0.005, 0.05, 0.10, 0.10)
SEQUENTIAL_BOUNDS = Bounds(0.005, 0.03, 0.03, 0.10)
"""With the exact count of live bytes."""

Family: TypeAlias = tuple[str, Sequence[Case]]
"""A name and its trials."""

COLUMNS = (Verdict.FLAT, Verdict.BOUNDED, Verdict.LEAK, Verdict.INCONCLUSIVE)
HEADING = (
    f"{'family':34}{'truth':>9}"
    + "".join(f"{verdict.value:>14}" for verdict in COLUMNS)
    + f"{'loads':>7}{'requests':>10}"
)


@dataclass(frozen=True, slots=True)
class FamilyRow:
    """The verdicts on one family."""

    family: str
    leaks: bool
    said: Mapping[Verdict, int]
    loads: float
    """The mean load until a verdict, as a multiple of the planned load."""
    requests: float = 0.0
    """The median of the requests until a verdict."""

    @property
    def cases(self) -> int:
        """The number of curves."""
        return sum(self.said.values())

    def count(self, verdict: Verdict) -> int:
        """The number of curves with that verdict."""
        return self.said.get(verdict, 0)


def judge_extending_load(case: Case) -> tuple[Verdict, float]:
    """The verdict after the load that a run would send, and that load as a multiple of the plan."""
    planned = blocks = case.load.blocks
    while True:
        said = judge_troughs(case.troughs(blocks))
        if not wants_more(said.verdict, planned, blocks, open_ended=said.open_ended):
            return said.verdict, blocks / planned
        blocks += next_blocks(planned)


def ends_early(case: Case) -> tuple[Verdict, float] | None:
    """The same where a look after each planned block ends the load early; None where none does."""
    planned = case.load.blocks
    for blocks in range(1, planned):
        if (ending := ending_of(case.troughs(blocks))) is not None:
            return ending.verdict, blocks / planned
    return None


def judged_by(case: Case) -> dict[Rule, tuple[Verdict, float]]:
    """What each rule says, and after how many loads: they differ only in an early end."""
    fixed = judge_extending_load(case)
    return {Rule.FIXED: fixed, Rule.SEQUENTIAL: ends_early(case) or fixed}


def fixed_row(family: Family) -> FamilyRow:
    """The row of one family by the fixed rule."""
    _, cases = family
    return row_of(family, [judge_extending_load(case) for case in cases])


def row_by_rule(family: Family) -> dict[Rule, FamilyRow]:
    """The rows of one family by both rules."""
    _, cases = family
    judged = [judged_by(case) for case in cases]
    return {rule: row_of(family, [each[rule] for each in judged]) for rule in Rule}


def row_of(family: Family, judged: Sequence[tuple[Verdict, float]]) -> FamilyRow:
    """The row of one family, judged by one rule: the verdict and the loads of each of its cases."""
    name, cases = family
    said = Counter(verdict for verdict, _ in judged)
    sent = [case.load.requests * loads for case, (_, loads) in zip(cases, judged, strict=True)]
    mean = sum(loads for _, loads in judged) / len(judged)
    return FamilyRow(name, cases[0].leaks, said, mean, median(sent))


def line(row: FamilyRow) -> str:
    """A row of the table."""
    counts = "".join(f"{row.count(verdict):>14}" for verdict in COLUMNS)
    return f"{row.family:34}{'leak' if row.leaks else 'no leak':>9}{counts}{_sent(row)}"


def _sent(row: FamilyRow) -> str:
    return f"{row.loads:>7.2f}{row.requests:>10,.0f}"


def rate(rows: Iterable[FamilyRow], verdicts: Sequence[Verdict]) -> tuple[int, int]:
    """The number of curves with one of these verdicts, and of all curves."""
    every = list(rows)
    said = sum(row.count(verdict) for row in every for verdict in verdicts)
    return said, sum(row.cases for row in every)


def summary(
    families: Sequence[FamilyRow], most: Bounds = FIXED_BOUNDS
) -> list[tuple[str, int, int, float]]:
    """Each bounded rate: its name, the count, the total, and the largest share allowed."""
    without, leaks = ([row for row in families if row.leaks is kind] for kind in (False, True))
    worst = max(families, key=lambda row: row.count(Verdict.INCONCLUSIVE) / row.cases)
    family = worst.count(Verdict.INCONCLUSIVE), worst.cases
    return [
        ("false leaks", *rate(without, (Verdict.LEAK,)), most.false_leaks),
        ("missed leaks", *rate(leaks, tuple(STOPPED)), most.missed_leaks),
        ("inconclusive", *rate(families, (Verdict.INCONCLUSIVE,)), most.inconclusive),
        (f"inconclusive, worst family ({worst.family})", *family, most.worst_family),
    ]
