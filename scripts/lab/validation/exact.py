"""The exact count of live bytes beside each made-up curve, as the probes of a user app give it."""

from dataclasses import replace

import numpy as np

from lab.validation.held_out import HELD_OUT_NO_LEAKS, HELD_OUT_UNDER_LEAKS
from lab.validation.shapes import NO_LEAKS, UNDER_LEAKS, Heights, remembering
from lab.validation.simulate import Case, cases

LIVE_FAMILIES = frozenset(
    {
        *("level", "saturating", "cache that fills late", "hyperbola", "stretched exponential"),
        *("recycled workers", "recycled with jitter", "keep-alive timers", "giving back"),
        *("logistic", "keys met at random", "cache that outlasts the load", "entries that expire"),
        *("late collections", "power of the load", "popular keys", "slow wave", "rare bursts"),
        *("leak and a dying part", "leak under a hyperbola", "leak while memory is given back"),
        *("leak under popular keys",),
    }
)
"""Families whose shape is live memory: caches, entries, garbage. In the others it is free in the
allocators, page cache or a reading at a bad moment."""

OUTSIDE = 0.1
"""Share of the leaks that neither allocator knows: what a library maps by itself."""

NOISE_MIB = (0.002, 0.0625)
"""Noise of a worker's live bytes between equal moments: up to four times what the rule takes for
the least (measured on flat apps: 2 to 29 KiB a block)."""

FIRST_COSTS_MIB = 0.1
"""What a worker's first requests leave live for good (measured: 30 KiB in the first block)."""


def with_exact(family: str, case: Case, seed: int) -> Case:
    """The same trial with its live bytes."""
    random = np.random.default_rng(seed)
    live = np.zeros(len(case.heights_mib))
    if family in LIVE_FAMILIES and case.shape_mib is not None:
        live += case.shape_mib
    if case.lost_mib is not None and random.random() >= OUTSIDE:
        live += case.lost_mib
    live += first_costs(random, case)
    spread = random.uniform(*NOISE_MIB) * np.sqrt(case.load.workers)
    live += remembering(random, len(live), random.uniform(0, 0.5), spread)
    return replace(case, live_mib=live, of_user_app=True)


def first_costs(random: np.random.Generator, case: Case) -> Heights:
    """Caches of the interpreter that are soon full."""
    size = random.uniform(0, FIRST_COSTS_MIB) * case.load.workers
    return np.asarray(size * (1 - np.exp(-case.load.done / random.uniform(0.01, 0.1))))


def exact_cases(each: int, seed: int) -> dict[str, list[Case]]:
    """The trials of all families with their live bytes, `each` of them."""
    no_leaks = {**NO_LEAKS, **HELD_OUT_NO_LEAKS}
    drawn = cases(no_leaks, {**UNDER_LEAKS, **HELD_OUT_UNDER_LEAKS}, each, seed)
    return {
        family: [with_exact(family, case, index) for index, case in enumerate(family_cases)]
        for family, family_cases in drawn.items()
    }
