"""A small part of `make validate`, and free memory over the longest load."""

from lab.records.judgement import Verdict
from lab.validation.allocator import (
    FREE_NO_LEAKS,
    FREE_UNDER_LEAKS,
    POOL_LEAK,
    POOL_NO_LEAK,
    parts_cases,
)
from lab.validation.confusion import fixed_row, judge_extending_load
from lab.validation.shapes import NO_LEAKS, UNDER_LEAKS
from lab.validation.simulate import cases


def test_a_small_part_of_the_table_has_no_false_leak_and_misses_hardly_any() -> None:
    few = {name: NO_LEAKS[name] for name in ("pool, late threads", "recycled workers", "steps")}
    leaks = {name: UNDER_LEAKS[name] for name in ("leak alone", "leak under a full pool")}
    found = list(map(fixed_row, cases(few, leaks, 6, seed=12).items()))
    assert sum(row.count(Verdict.LEAK) for row in found if not row.leaks) == 0
    assert sum(row.count(Verdict.LEAK) for row in found if row.leaks) >= 11


def test_free_memory_that_is_never_reused_is_a_leak_at_the_end_of_the_longest_load_alone() -> None:
    drawn = parts_cases(3, seed=3)

    assert list(drawn) == [*FREE_NO_LEAKS, *FREE_UNDER_LEAKS, POOL_NO_LEAK, POOL_LEAK]
    assert all(case.ceiling for case in drawn[POOL_NO_LEAK])
    for family, found in list(drawn.items())[:-2]:
        said = [judge_extending_load(case) for case in found]
        leaks = family in FREE_UNDER_LEAKS
        assert [verdict is Verdict.LEAK for verdict, _ in said] == [leaks] * 3, family
        assert all(loads >= 2.7 for verdict, loads in said if verdict is Verdict.LEAK)
