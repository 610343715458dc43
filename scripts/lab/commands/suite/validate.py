"""`lab validate`: how often the verdict is wrong, over simulated curves of known answers."""

import argparse
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor

from lab.errors import ExitCode
from lab.stopping import Rule
from lab.validation.allocator import parts_cases
from lab.validation.confusion import (
    FIXED_BOUNDS,
    HEADING,
    SEQUENTIAL_BOUNDS,
    Bounds,
    FamilyRow,
    fixed_row,
    line,
    row_by_rule,
    summary,
)
from lab.validation.exact import exact_cases
from lab.validation.held_out import HELD_OUT_NO_LEAKS, HELD_OUT_UNDER_LEAKS
from lab.validation.shapes import NO_LEAKS, UNDER_LEAKS
from lab.validation.simulate import Case, cases

SEED = 596
HELD_OUT_SEED = 20604
EACH = 80
HELD_OUT_EACH = 60
PARTS_SEED = 20611
PARTS_EACH = 60
EXACT_SEED = 20617
EXACT_EACH = 110


def table(cores: Executor, title: str, drawn: Mapping[str, Sequence[Case]]) -> bool:
    """Whether every bound is kept, over one table that is printed row by row."""
    print(f"{title}\n{HEADING}", flush=True)
    families: list[FamilyRow] = []
    for row in cores.map(fixed_row, drawn.items()):
        families.append(row)
        print(line(row), flush=True)
    return bounds(families)


def by_rule(cores: Executor, title: str, drawn: Mapping[str, Sequence[Case]]) -> bool:
    """Whether every bound is kept by both rules, each with a table; the sequential rule looks after
    each planned block."""
    print(f"{title}\n{HEADING}  rule", flush=True)
    families: dict[Rule, list[FamilyRow]] = {rule: [] for rule in Rule}
    for judged in cores.map(row_by_rule, drawn.items()):
        for rule, row in judged.items():
            families[rule].append(row)
            print(f"{line(row)}  {rule.value}", flush=True)
    kept = []
    for rule, judged_rows in families.items():
        loads = sum(row.loads for row in judged_rows) / len(judged_rows)
        print(f"RULE={rule.value}: {loads:.2f} loads on average")
        kept.append(bounds(judged_rows, SEQUENTIAL_BOUNDS))
    return all(kept)


def bounds(families: Sequence[FamilyRow], bounds: Bounds = FIXED_BOUNDS) -> bool:
    """Whether every rate is within its bound; each is printed."""
    kept = True
    for name, count, total, most in summary(families, bounds):
        missed = count > most * total
        kept = kept and not missed
        said = "MISSED" if missed else "kept"
        print(f"{name}: {count} of {total} ({count / total:.1%}), allowed {most:.1%}: {said}")
    return kept


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add no arguments: seeds and sizes are fixed; the figures that are quoted come from them."""


def run(_: argparse.Namespace) -> ExitCode:
    """Prints the tables; a bound of the families that the method was not set by fails nothing."""
    started = time.monotonic()
    with ProcessPoolExecutor() as cores:
        kept = tables(cores)
    print(f"\n{time.monotonic() - started:.0f} s")
    return ExitCode.DECIDED if kept else ExitCode.FAILED


def tables(cores: Executor) -> bool:
    """Whether every bound that fails the command is kept; prints all tables."""
    title = f"Families that the method was set by, seed {SEED}:"
    kept = table(cores, title, cases(NO_LEAKS, UNDER_LEAKS, EACH, SEED))
    title = f"\nFamilies that it was not set by, seed {HELD_OUT_SEED} (no bound fails the command):"
    held_out = cases(HELD_OUT_NO_LEAKS, HELD_OUT_UNDER_LEAKS, HELD_OUT_EACH, HELD_OUT_SEED)
    table(cores, title, held_out)
    title = f"\nFamilies of which probes tell what is free in the allocators, seed {PARTS_SEED}:"
    kept = table(cores, title, parts_cases(PARTS_EACH, PARTS_SEED)) and kept
    title = f"\nAll families with the exact count of live bytes, seed {EXACT_SEED}, by rule:"
    return by_rule(cores, title, exact_cases(EXACT_EACH, EXACT_SEED)) and kept
