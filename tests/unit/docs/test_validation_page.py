"""The error rates that validation.md quotes: every family, and their sums."""

from lab.commands.suite.validate import (
    EACH,
    EXACT_EACH,
    EXACT_SEED,
    HELD_OUT_EACH,
    PARTS_EACH,
)
from lab.validation.allocator import (
    FREE_NO_LEAKS,
    FREE_UNDER_LEAKS,
    POOL_LEAK,
    POOL_NO_LEAK,
)
from lab.validation.confusion import SEQUENTIAL_BOUNDS
from lab.validation.held_out import HELD_OUT_NO_LEAKS, HELD_OUT_UNDER_LEAKS
from lab.validation.shapes import NO_LEAKS, UNDER_LEAKS
from support import documents
from support.documents import PAGES

PAGE = PAGES["validation"]
NO_LEAK_ROWS = documents.rows(PAGE, "| no leak | flat |")
LEAK_ROWS = documents.rows(PAGE, "| leak | flat |")
PARTS_ROWS = documents.rows(PAGE, "| parts known | flat |")
COUNTS = {row[0]: [int(cell) for cell in row[1:5]] for row in NO_LEAK_ROWS + LEAK_ROWS if row[1]}
LOADS = {row[0]: row[5] for row in NO_LEAK_ROWS + LEAK_ROWS if row[1]}
FLAT, BOUNDED, LEAK, INCONCLUSIVE = range(4)


def total(families: object, *columns: int) -> int:
    return sum(COUNTS[name][column] for name in families for column in columns)  # type: ignore[attr-defined]


def of(count: int, cases: int) -> str:
    return f"{count} of {cases:,} ({count / cases * 100:.1f} %)"


def test_every_family_has_its_row() -> None:
    assert list(COUNTS) == [*NO_LEAKS, *HELD_OUT_NO_LEAKS, *UNDER_LEAKS, *HELD_OUT_UNDER_LEAKS]
    for name, counts in COUNTS.items():
        held_out = name in HELD_OUT_NO_LEAKS or name in HELD_OUT_UNDER_LEAKS
        assert sum(counts) == (HELD_OUT_EACH if held_out else EACH), name


def test_the_rates_are_the_sums_of_the_rows() -> None:
    columns = []
    for no_leaks, leaks, each in (
        (NO_LEAKS, UNDER_LEAKS, EACH),
        (HELD_OUT_NO_LEAKS, HELD_OUT_UNDER_LEAKS, HELD_OUT_EACH),
    ):
        both = [*no_leaks, *leaks]
        worst = max(COUNTS[name][INCONCLUSIVE] for name in both)
        columns.append(
            [
                of(total(no_leaks, LEAK), each * len(no_leaks)),
                of(total(leaks, FLAT, BOUNDED), each * len(leaks)),
                of(total(both, INCONCLUSIVE), each * len(both)),
                of(worst, each),
            ]
        )
    quoted = documents.rows(PAGE, "| | families it was set by")

    assert [row[1:3] for row in quoted] == [list(pair) for pair in zip(*columns, strict=True)]
    assert f"{sum(map(sum, COUNTS.values())):,} made-up trials of {len(COUNTS)} families" in PAGE


def test_the_readme_adds_both_up() -> None:
    no_leaks, leaks = [*NO_LEAKS, *HELD_OUT_NO_LEAKS], [*UNDER_LEAKS, *HELD_OUT_UNDER_LEAKS]
    counted = [total(no_leaks, LEAK), total(no_leaks, *range(4)), total(leaks, FLAT, BOUNDED)]
    text = " ".join(PAGES["README"].split())

    false, harmless, missed, every = (f"{n:,}" for n in (*counted, total(leaks, *range(4))))
    assert f"{false} of {harmless} without a leak" in text
    assert f"{missed} of {every} leaks were missed" in text


def test_the_families_with_known_parts_have_their_rows() -> None:
    found = {row[0]: [int(cell) for cell in row[1:5]] for row in PARTS_ROWS if row[1]}

    assert {*found} == {*FREE_NO_LEAKS, *FREE_UNDER_LEAKS, POOL_NO_LEAK, POOL_LEAK}
    assert {sum(counts) for counts in found.values()} == {PARTS_EACH}
    assert not sum(found[name][LEAK] for name in (*FREE_NO_LEAKS, POOL_NO_LEAK))


def test_both_rules_are_quoted_within_their_bounds() -> None:
    families, no_leaks = len(COUNTS), len(NO_LEAKS) + len(HELD_OUT_NO_LEAKS)
    without, every = no_leaks * EXACT_EACH, families * EXACT_EACH
    quoted = {row[0]: row[1:3] for row in documents.rows(PAGE, f"| {every:,} trials with exact")}

    assert f"{EXACT_EACH} trials each (seed {EXACT_SEED})" in PAGE
    for name, total_cases, most in (
        ("false leaks", without, SEQUENTIAL_BOUNDS.false_leaks),
        ("missed leaks", every - without, SEQUENTIAL_BOUNDS.missed_leaks),
        ("inconclusive", every, SEQUENTIAL_BOUNDS.inconclusive),
    ):
        for cell in quoted[name]:
            count = int(cell.split()[0])
            assert cell == f"{count} of {total_cases:,} ({count / total_cases * 100:.2f} %)"
            assert count <= most * total_cases
