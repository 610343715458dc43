"""Curves that the method was not set by: other laws of growth, other ways to disturb a leak.

They were written after the last threshold was set, or had passed without one being moved for
their sake. Whoever sets a threshold by one of them moves it to lab.validation.shapes.
"""

from collections.abc import Mapping

import numpy as np
from numpy.random import Generator

from lab.validation.shapes import THREAD_MIB, Heights, Shape, SimulatedLoad, remembering


def logistic(random: Generator, load: SimulatedLoad) -> Heights:
    """A cache that fills slowly, then fast, and then is full."""
    middle, width = random.uniform(0.2, 0.7), random.uniform(0.03, 0.12)
    return np.asarray(random.uniform(5, 200) / (1 + np.exp((middle - load.done) / width)))


def keys_met_at_random(random: Generator, load: SimulatedLoad) -> Heights:
    """A cache of keys that are requested at random: the last ones come late."""
    keys = int(load.requests * random.uniform(0.02, 0.3))
    return np.asarray(random.uniform(5, 200) * (1 - np.exp(-load.done * load.requests / keys)))


def cache_after_the_load(random: Generator, load: SimulatedLoad) -> Heights:
    """An even fill that outlasts the load that was asked for, by a third at most."""
    return np.asarray(
        random.uniform(20, 300) * np.minimum(1, load.done / random.uniform(1.0, 1.33))
    )


def time_to_live(random: Generator, load: SimulatedLoad) -> Heights:
    """Entries that expire: filled and emptied in waves that lose height."""
    period = random.uniform(0.15, 0.7)
    wave = np.sin(2 * np.pi * load.done / period + random.uniform(0, 6))
    return np.asarray(
        random.uniform(5, 60) * (1 + wave * np.exp(-load.done / random.uniform(0.3, 2)))
    )


def collections(random: Generator, load: SimulatedLoad) -> Heights:
    """Garbage that a late collection takes: heights between two levels, at random."""
    return 10 + random.uniform(2, 40) * random.random(len(load.done))


def wandering_then_stable(random: Generator, load: SimulatedLoad) -> Heights:
    """A heap that wanders at random for a while and then is stable."""
    walk = np.cumsum(random.normal(0.02, random.uniform(0.05, 0.3), len(load.done)))
    until = max(1, int(random.uniform(0.2, 1.0) * load.blocks))
    walk[until:] = walk[until - 1]
    return np.asarray(6 + walk * np.sqrt(load.workers))


def one_restart(random: Generator, load: SimulatedLoad) -> Heights:
    """A pool of which one worker dies once and fills again."""
    size = random.uniform(30, 300)
    at = random.uniform(0.3, 1.0)
    lost = (load.done > at) * np.exp(-(load.done - at) / random.uniform(0.02, 0.2))
    return np.asarray(size * load.workers * np.minimum(1, load.done / 0.1) - size * lost)


def power_of_the_load(random: Generator, load: SimulatedLoad) -> Heights:
    """Saturation whose rest is a power of the load, slower than a hyperbola's."""
    half, power = random.uniform(0.01, 0.1), random.uniform(0.5, 0.9)
    return np.asarray(random.uniform(10, 200) * (1 - (1 + load.done / half) ** -power))


def popular_keys(random: Generator, load: SimulatedLoad) -> Heights:
    """An unlimited cache of keys with the popularity of words: the rarest come last."""
    keys = int(random.choice([50, 200, 1000]))
    odds = 1 / np.arange(1, keys + 1) ** random.uniform(0.8, 1.2)
    asked = load.done * load.requests
    met = random.exponential(1, keys) / (odds / odds.sum()) <= asked[:, None]
    return np.asarray(random.uniform(5, 100) / keys * met.sum(axis=1))


def two_pools(random: Generator, load: SimulatedLoad) -> Heights:
    """A pool that fills at once, and another that is first needed later."""
    later, first, second = random.uniform(0.2, 0.8), *random.uniform(20, 300, 2)
    needed = np.clip((load.done - later) / random.uniform(0.05, 0.2), 0, 1)
    return np.asarray(
        first * np.minimum(1, load.done / random.uniform(0.01, 0.08)) + second * needed
    )


def slow_wave(random: Generator, load: SimulatedLoad) -> Heights:
    """A working set that grows and shrinks in a wave of half the load or more."""
    period, size = random.uniform(0.5, 1.5), random.uniform(0.3, 6)
    return np.asarray(10 + size * np.sin(2 * np.pi * (load.done / period + random.random())))


def rare_bursts(random: Generator, load: SimulatedLoad) -> Heights:
    """Large answers now and then, that stay until the next collection."""
    bursts = random.random(len(load.done)) < random.uniform(0.05, 0.3)
    return np.asarray(8 + bursts * random.exponential(random.uniform(1, 20), len(load.done)))


HELD_OUT_NO_LEAKS: Mapping[str, Shape] = {
    "logistic": logistic,
    "keys met at random": keys_met_at_random,
    "cache that outlasts the load": cache_after_the_load,
    "entries that expire": time_to_live,
    "late collections": collections,
    "wandering, then stable": wandering_then_stable,
    "one restart": one_restart,
    "power of the load": power_of_the_load,
    "popular keys": popular_keys,
    "two pools": two_pools,
    "slow wave": slow_wave,
    "rare bursts": rare_bursts,
}


def restless_ground(random: Generator, load: SimulatedLoad) -> Heights:
    """Correlated noise of a tenth of a megabyte."""
    memory = random.uniform(0.3, 0.9)
    return np.asarray(5 + remembering(random, len(load.done), memory, 0.1 * np.sqrt(load.workers)))


def breathing(random: Generator, load: SimulatedLoad) -> Heights:
    """A small wave."""
    period, size = random.uniform(0.2, 0.6), random.uniform(0.05, 0.2)
    return np.asarray(5 + size * np.sin(2 * np.pi * (load.done / period + random.random())))


def heavy_tails(random: Generator, load: SimulatedLoad) -> Heights:
    """Noise with outliers now and then."""
    return 5 + 0.05 * random.standard_t(2, len(load.done))


def one_late_thread(random: Generator, load: SimulatedLoad) -> Heights:
    """One thread that starts at a random time of the load."""
    return np.asarray(THREAD_MIB * (load.done > random.uniform(0.1, 1)))


HELD_OUT_UNDER_LEAKS: Mapping[str, Shape] = {
    "leak on restless ground": restless_ground,
    "leak on a small wave": breathing,
    "leak with heavy tails": heavy_tails,
    "leak and one late thread": one_late_thread,
    "leak under popular keys": popular_keys,
    "leak under two pools": two_pools,
}
