"""The made-up trials, and a small part of `make validate`."""

import numpy as np
import pytest
from lab.records.judgement import Verdict
from lab.stopping import Rule
from lab.units import MIB
from lab.validation.allocator import (
    FREE_NO_LEAKS,
    FREE_UNDER_LEAKS,
    POOL_LEAK,
    POOL_NO_LEAK,
    parts_cases,
)
from lab.validation.confusion import (
    HEADING,
    FamilyRow,
    fixed_row,
    judge_extending_load,
    judged_by,
    line,
    summary,
)
from lab.validation.exact import LIVE_FAMILIES, exact_cases
from lab.validation.held_out import HELD_OUT_NO_LEAKS, HELD_OUT_UNDER_LEAKS
from lab.validation.shapes import NO_LEAKS, UNDER_LEAKS, SimulatedLoad, leaked
from lab.validation.simulate import Case, cases

SHAPES = {**NO_LEAKS, **HELD_OUT_NO_LEAKS, **UNDER_LEAKS, **HELD_OUT_UNDER_LEAKS}


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_is_drawn_for_three_loads(name: str) -> None:
    load = SimulatedLoad(blocks=12, requests=2000, workers=2)
    heights = SHAPES[name](np.random.default_rng(1), load)
    assert heights.shape == (36,)
    assert np.isfinite(heights).all()


def test_no_name_stands_for_two_families() -> None:
    names = [*NO_LEAKS, *UNDER_LEAKS, *HELD_OUT_NO_LEAKS, *HELD_OUT_UNDER_LEAKS]
    assert len(set(names)) == len(names)


def test_the_same_seed_draws_the_same_trials() -> None:
    first, second = (cases(NO_LEAKS, {}, 1, seed=4)["steps"][0] for _ in range(2))
    other = cases(NO_LEAKS, {}, 1, seed=5)["steps"][0]
    assert first.troughs(8) == second.troughs(8)
    assert first.troughs(8) != other.troughs(8)


def test_a_leak_loses_what_it_is_said_to() -> None:
    load = SimulatedLoad(blocks=8, requests=8000, workers=1)
    for seed in range(4):
        lost = leaked(np.random.default_rng(seed), load, 1024)
        assert lost[load.blocks - 1] == pytest.approx(8000 * 1024 / MIB, rel=0.1)


def test_a_small_part_of_the_table_has_no_false_leak_and_misses_hardly_any() -> None:
    few = {name: NO_LEAKS[name] for name in ("pool, late threads", "recycled workers", "steps")}
    leaks = {name: UNDER_LEAKS[name] for name in ("leak alone", "leak under a full pool")}
    found = list(map(fixed_row, cases(few, leaks, 6, seed=12).items()))
    assert sum(row.count(Verdict.LEAK) for row in found if not row.leaks) == 0
    assert sum(row.count(Verdict.LEAK) for row in found if row.leaks) >= 11


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


def test_free_memory_that_is_never_reused_is_a_leak_at_the_end_of_the_longest_load_alone() -> None:
    drawn = parts_cases(3, seed=3)

    assert list(drawn) == [*FREE_NO_LEAKS, *FREE_UNDER_LEAKS, POOL_NO_LEAK, POOL_LEAK]
    assert all(case.ceiling for case in drawn[POOL_NO_LEAK])
    for family, found in list(drawn.items())[:-2]:
        said = [judge_extending_load(case) for case in found]
        leaks = family in FREE_UNDER_LEAKS
        assert [verdict is Verdict.LEAK for verdict, _ in said] == [leaks] * 3, family
        assert all(loads >= 2.7 for verdict, loads in said if verdict is Verdict.LEAK)


def test_a_look_after_each_block_ends_a_flat_load_early_and_no_other() -> None:
    load = SimulatedLoad(blocks=8, requests=16_000, workers=1)
    flat, leak = (Case(load, size * load.done, leaks=size > 0) for size in (0, 20))

    assert judged_by(flat) == {
        Rule.FIXED: (Verdict.FLAT, 1.0),
        Rule.SEQUENTIAL: (Verdict.FLAT, 0.375),
    }
    assert judged_by(leak)[Rule.SEQUENTIAL] == (Verdict.LEAK, 1.5)


def test_the_exact_count_follows_what_is_live_and_most_leaks() -> None:
    drawn = exact_cases(4, seed=2)

    assert list(drawn) == [*NO_LEAKS, *HELD_OUT_NO_LEAKS, *UNDER_LEAKS, *HELD_OUT_UNDER_LEAKS]
    assert drawn.keys() >= LIVE_FAMILIES
    for case in (*drawn["level"], *drawn["pool, late threads"]):
        assert case.live_mib is not None
        assert case.shape_mib is not None
        rise = case.live_mib[-1] - case.live_mib[0]
        assert abs(rise) < 1
    (lost,) = {case.lost_mib is not None for case in drawn["leak alone"]}
    assert lost
