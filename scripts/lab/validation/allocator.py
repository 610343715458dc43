"""Curves of which the part that is free in the allocators is known, as probes tell it."""

from collections.abc import Mapping

import numpy as np
from numpy.random import Generator

from lab.units import MIB
from lab.validation.shapes import (
    THREAD_MIB,
    Heights,
    Shape,
    SimulatedLoad,
    leaked,
    one_time,
    remembering,
)
from lab.validation.simulate import Case, a_load, a_meter, read

EXACT_NOISE_MIB = 0.01
"""Allocators count to the byte; between equal moments their counts move by some kilobytes."""
STATED_MIB_A_WORKER = 12
"""Free memory that is never reused is found from this size on, over the load that was asked for."""


def filling_evenly(random: Generator, load: SimulatedLoad) -> Heights:
    """Arenas that fill evenly for up to a third more than the load, and are reused from then on."""
    size, full = random.uniform(3, 200) * load.workers, random.uniform(0.3, 1.33)
    return np.asarray(size * np.minimum(1, load.done / full))


def filling_ever_slower(random: Generator, load: SimulatedLoad) -> Heights:
    """Arenas that find a place for more and more requests."""
    size, half = random.uniform(10, 200) * load.workers, random.uniform(0.02, 0.2)
    return np.asarray(size * load.done / (load.done + half))


def filled_at_once(random: Generator, load: SimulatedLoad) -> Heights:
    """A pool's arenas, which are full after a block or two."""
    size = random.choice([20, 60, 300]) * random.uniform(0.8, 1.1)
    return np.asarray(size * np.minimum(1, load.done / random.uniform(0.02, 0.2)))


def first_reused(random: Generator, load: SimulatedLoad) -> Heights:
    """Fragments that are found again at first, until no fitting ones are left."""
    return filling_ever_slower(random, load) / 4


FREE_NO_LEAKS: Mapping[str, Shape] = {
    "free part that fills evenly": filling_evenly,
    "free part that fills ever slower": filling_ever_slower,
}
FREE_UNDER_LEAKS: Mapping[str, Shape] = {
    "fragmentation without end": filled_at_once,
    "fragmentation after reuse": first_reused,
}


def without_leak(shape: Shape, random: Generator) -> Case:
    """Growth that is free in the allocators, and ends."""
    load = a_load(random)
    return with_parts(random, load, shape(random, load), leaks=False)


def with_leak(under: Shape, random: Generator) -> Case:
    """Growth that is free in the allocators and has no end, after some that has."""
    load = a_load(random)
    least_mib = STATED_MIB_A_WORKER * load.workers
    size = least_mib * 10 ** random.uniform(0, 1)
    fragments = leaked(random, load, size * MIB / load.requests)
    return with_parts(random, load, under(random, load) + fragments, leaks=True)


def with_parts(random: Generator, load: SimulatedLoad, free_mib: Heights, *, leaks: bool) -> Case:
    """A case with a level live part."""
    live = np.full(len(free_mib), random.uniform(0.1, 3))
    live += remembering(random, len(live), 0.3, EXACT_NOISE_MIB)
    heights = read(random, free_mib + live, a_meter(random, load.workers))
    return Case(load, heights, leaks, free_mib=free_mib, live_mib=live)


POOL_NO_LEAK, POOL_LEAK = "pool below its ceiling, garbage", "leak below a pool's ceiling"
GARBAGE_SPREADS = 20
"""A leak below the ceiling of a pool adds at least so many deviations of the garbage."""


def pool_case(random: Generator, *, leaks: bool) -> Case:
    """A pool whose ceiling is predicted; its arenas take turns, and garbage waits at a trough."""
    load = a_load(random)
    threads = int(random.choice([8, 16, 20, 40, 80]))
    mean = random.uniform(0.02, 0.5) * load.requests / load.workers
    sizes = np.full(threads, THREAD_MIB / load.workers)
    free = one_time(random, load, sizes, mean) * random.uniform(0.75, 1.05, len(load.done))
    garbage = random.poisson(random.uniform(0.5, 2), len(free)) * THREAD_MIB
    lost: Heights = np.zeros(len(free))
    if leaks:
        least_mib = max(STATED_MIB_A_WORKER * load.workers, GARBAGE_SPREADS * float(garbage.std()))
        size = least_mib * 10 ** random.uniform(0, 1)
        lost = leaked(random, load, size * MIB / load.requests)
    live = random.uniform(0.1, 3) + garbage + lost
    heights = read(random, free + live, a_meter(random, load.workers))
    return Case(load, heights, leaks, free_mib=free, live_mib=live, pool_threads=threads)


def parts_cases(each: int, seed: int) -> dict[str, list[Case]]:
    """The trials of every family with known parts, `each` of them."""
    by_family: dict[str, list[Case]] = {}
    for maker, shapes in ((without_leak, FREE_NO_LEAKS), (with_leak, FREE_UNDER_LEAKS)):
        for name, shape in shapes.items():
            code = [seed, *name.encode()]
            by_family[name] = [maker(shape, np.random.default_rng([*code, i])) for i in range(each)]
    for name in (POOL_NO_LEAK, POOL_LEAK):
        code = [seed, *name.encode()]
        randoms = (np.random.default_rng([*code, i]) for i in range(each))
        by_family[name] = [pool_case(random, leaks=name == POOL_LEAK) for random in randoms]
    return by_family
