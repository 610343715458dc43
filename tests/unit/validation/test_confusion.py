"""A case is judged as a run would judge it, and counted in its row."""

from lab.records.judgement import Verdict
from lab.stopping import Rule
from lab.validation.confusion import (
    HEADING,
    FamilyRow,
    judge_extending_load,
    judged_by,
    line,
    summary,
)
from lab.validation.shapes import SimulatedLoad
from lab.validation.simulate import Case


def test_a_case_gets_as_much_load_as_a_run_would_give_it() -> None:
    load = SimulatedLoad(blocks=8, requests=4000, workers=1)
    assert judge_extending_load(Case(load, 20 * load.done, leaks=True)) == (Verdict.LEAK, 1.5)
    assert judge_extending_load(Case(load, 0 * load.done, leaks=False)) == (Verdict.FLAT, 1.0)


def test_a_row_stands_under_its_heading() -> None:
    row = FamilyRow("steps", False, {Verdict.FLAT: 3, Verdict.LEAK: 1}, 1.25, 1500)
    assert len(line(row)) == len(HEADING)
    assert line(row).split() == ["steps", "no", "leak", "3", "0", "1", "0", "1.25", "1,500"]


def test_the_bounds_count_what_they_say() -> None:
    found = [
        FamilyRow("none", False, {Verdict.FLAT: 7, Verdict.LEAK: 1, Verdict.INCONCLUSIVE: 2}, 1.0),
        FamilyRow("some", True, {Verdict.BOUNDED: 2, Verdict.LEAK: 8}, 1.5),
    ]
    assert [(name, count, total) for name, count, total, _ in summary(found)] == [
        ("false leaks", 1, 10),
        ("missed leaks", 2, 10),
        ("inconclusive", 2, 20),
        ("inconclusive, worst family (none)", 2, 10),
    ]


def test_a_look_after_each_block_ends_a_flat_load_early_and_no_other() -> None:
    load = SimulatedLoad(blocks=8, requests=16_000, workers=1)
    flat, leak = (Case(load, size * load.done, leaks=size > 0) for size in (0, 20))

    assert judged_by(flat) == {
        Rule.FIXED: (Verdict.FLAT, 1.0),
        Rule.SEQUENTIAL: (Verdict.FLAT, 0.375),
    }
    assert judged_by(leak)[Rule.SEQUENTIAL] == (Verdict.LEAK, 1.5)
