"""Curves with known answers: how memory is known to behave, drawn at random.

Every shape gives MiB above the baseline at the end of each block, without the noise of reading
it. Time counts in requests and loads, so a curve simply goes on when the lab asks for more.
Nothing here knows how a verdict is reached.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from lab.units import MIB

Heights = NDArray[np.float64]
THREAD_MIB = 15.26
"""What one thread retains of the `lists` workload."""


@dataclass(frozen=True, slots=True)
class SimulatedLoad:
    """The load that the simulated run plans."""

    blocks: int
    requests: int
    workers: int
    horizon: int = 3
    """The curve is drawn for so many times the load."""

    @property
    def done(self) -> Heights:
        """The share of the load that is done after each block; above 1 where it goes on."""
        return np.arange(1, self.horizon * self.blocks + 1) / self.blocks

    @property
    def answered(self) -> Heights:
        """Requests a worker after each block."""
        return self.done * self.requests / self.workers


Shape = Callable[[Generator, SimulatedLoad], Heights]


# What is not a leak


def level(random: Generator, load: SimulatedLoad) -> Heights:
    """Caches that are full after the first block."""
    return np.full(len(load.done), random.choice([0.5, 4, 40, 400]) * random.uniform(0.5, 1.5))


def restless(random: Generator, load: SimulatedLoad) -> Heights:
    """A level with correlated noise: what one block keeps, the next gives back slowly."""
    memory, spread = random.uniform(0.5, 0.95), random.uniform(0.1, 0.5) * np.sqrt(load.workers)
    return 4 + remembering(random, len(load.done), memory, spread)


def remembering(random: Generator, count: int, memory: float, spread: float) -> Heights:
    """Noise of the first order around 0."""
    heights = random.normal(0, spread, count)
    for block in range(1, count):
        heights[block] = memory * heights[block - 1] + np.sqrt(1 - memory**2) * heights[block]
    return heights


def one_time(
    random: Generator, load: SimulatedLoad, sizes: Heights, mean_requests: float
) -> Heights:
    """Costs that each worker pays once, at a random time: the later, the rarer."""
    heights = np.zeros(len(load.done))
    for _ in range(load.workers):
        at = random.exponential(mean_requests, len(sizes))
        heights += ((at <= load.answered[:, None]) * sizes).sum(axis=1)
    return heights


def filling_heap(random: Generator, load: SimulatedLoad) -> Heights:
    """An async worker's heap as measured: some megabytes in a thousand requests, then stable."""
    sizes = random.uniform(0.1, 2.5, random.integers(4, 12))
    total = random.uniform(3, 7.5)
    return one_time(random, load, sizes * total / sizes.sum(), random.uniform(300, 900))


def evenly_filling_heap(random: Generator, load: SimulatedLoad) -> Heights:
    """A heap measured on 3.10: a jump, then 1 KiB a request up to 3,500 requests, then stable."""
    first, more = random.uniform(1, 3.5), random.uniform(1, 4)
    at = random.uniform(400, 700), random.uniform(1500, 3500)
    a_worker = first * (load.answered > at[0]) + more * np.minimum(1, load.answered / at[1])
    return a_worker * load.workers


def pool(random: Generator, load: SimulatedLoad) -> Heights:
    """Threads that each keep what a request needs; the last ones start late."""
    threads = int(random.choice([4, 8, 20, 40, 80]))
    sizes = np.full(threads, THREAD_MIB * random.uniform(0.2, 1.2))
    return one_time(random, load, sizes, random.uniform(0.03, 0.25) * load.requests / load.workers)


def creeping_pool(random: Generator, load: SimulatedLoad) -> Heights:
    """A pool that is full soon, and arenas that fill up for some thousand requests more."""
    size = random.choice([120, 300, 1200]) * random.uniform(0.8, 1.2)
    creep = size * random.uniform(0.002, 0.012) * load.workers
    at = load.answered / random.uniform(300, 1500)
    return np.asarray(
        size * load.workers * (1 - np.exp(-load.done / 0.04)) + creep * (1 - np.exp(-at))
    )


def saturating(random: Generator, load: SimulatedLoad) -> Heights:
    """Exponential approach to a ceiling."""
    size, share = random.uniform(15, 400), random.uniform(0.1, 0.6)
    return np.asarray(size * (1 - np.exp(-load.done / share)))


def late_cache(random: Generator, load: SimulatedLoad) -> Heights:
    """A cache of a fixed size that fills evenly, from some time on until it is full."""
    begins = random.uniform(0, 0.4)
    ends = random.uniform(begins + 0.1, 1.0)
    size = random.uniform(3, 300)
    return 2 + size * np.clip((load.done - begins) / (ends - begins), 0, 1)


def recycled(random: Generator, load: SimulatedLoad) -> Heights:
    """Workers that grow until they are replaced after some number of requests, each at its own."""
    heights = np.zeros(len(load.done))
    for _ in range(load.workers):
        life = random.uniform(0.2, 0.8)
        heights += random.uniform(20, 150) * ((load.done + random.uniform(0, life)) % life) / life
    return heights


def timers(random: Generator, load: SimulatedLoad) -> Heights:
    """Closed connections that a timer keeps for a while: a block leaves some behind."""
    open_mib = random.uniform(0.2, 3) * random.gamma(2, 0.5, len(load.done))
    forgotten = random.uniform(0.2, 0.6)
    for block in range(1, len(open_mib)):
        open_mib[block] += forgotten * open_mib[block - 1]
    return 3 + open_mib


def page_cache(random: Generator, load: SimulatedLoad) -> Heights:
    """Pages of a file that grows, until the kernel takes most of them back, again and again."""
    ceiling, pace = random.uniform(2, 40), random.uniform(3, 8)
    heights, height = [], 0.0
    for _ in load.done:
        height += ceiling * pace / load.blocks * random.uniform(0.8, 1.2)
        while height > ceiling:
            height -= ceiling * random.uniform(0.6, 0.95)
        heights.append(height)
    return np.asarray(heights)


def steps(random: Generator, load: SimulatedLoad) -> Heights:
    """A few arenas or workers more, and now and then one less."""
    heights = np.full(len(load.done), 20.0)
    for _ in range(random.integers(1, 4)):
        size = random.choice([1, 1, 1, -0.7]) * random.uniform(2, 30)
        heights += size * (load.done > random.uniform(0, 1.1))
    return heights


def outlier(random: Generator, load: SimulatedLoad) -> Heights:
    """A level with one trough that was taken at a bad moment."""
    heights = level(random, load)
    heights[random.integers(load.blocks)] += random.choice([-30, -3, 3, 30]) * random.uniform(
        0.5, 1
    )
    return heights


def giving_back(random: Generator, load: SimulatedLoad) -> Heights:
    """Memory of the start that is given back little by little."""
    return np.asarray(random.uniform(5, 100) * (np.exp(-load.done / random.uniform(0.1, 0.4)) - 1))


def hyperbola(random: Generator, load: SimulatedLoad) -> Heights:
    """Saturation with a long tail: half of it is there after a part of the load."""
    half = random.uniform(0.02, 0.2)
    return random.uniform(10, 300) * load.done / (load.done + half)


def workers_with_jitter(random: Generator, load: SimulatedLoad) -> Heights:
    """Workers that leak and are replaced after a lifetime with jitter."""
    life, heights = random.uniform(0.3, 0.7), np.zeros(len(load.done))
    size = random.uniform(5, 80)
    for _ in range(load.workers):
        ends = np.cumsum(life * random.uniform(0.8, 1.2, 40))
        born = np.concatenate([[0.0], ends])[np.searchsorted(ends, load.done, side="right")]
        heights += size * (load.done - born) / life
    return heights


def shrinking_steps(random: Generator, load: SimulatedLoad) -> Heights:
    """Arenas, each smaller than the last and later."""
    heights, at, size = np.full(len(load.done), 5.0), random.uniform(0.02, 0.1), 60.0
    for _ in range(7):
        heights += size * (load.done >= at)
        at, size = at * random.uniform(1.3, 2.0), size * random.uniform(0.4, 0.8)
    return heights


def stretched(random: Generator, load: SimulatedLoad) -> Heights:
    """A stretched exponential: fast at first, then slower than any exponential."""
    share, power = random.uniform(0.05, 0.3), random.uniform(0.5, 0.9)
    return np.asarray(random.uniform(10, 300) * (1 - np.exp(-((load.done / share) ** power))))


NO_LEAKS: Mapping[str, Shape] = {
    "level": level,
    "correlated noise": restless,
    "heap that fills": filling_heap,
    "heap that fills evenly": evenly_filling_heap,
    "pool, late threads": pool,
    "pool, creeping arenas": creeping_pool,
    "saturating": saturating,
    "cache that fills late": late_cache,
    "hyperbola": hyperbola,
    "stretched exponential": stretched,
    "ever smaller steps": shrinking_steps,
    "recycled workers": recycled,
    "recycled with jitter": workers_with_jitter,
    "keep-alive timers": timers,
    "page cache": page_cache,
    "steps": steps,
    "one outlier": outlier,
    "giving back": giving_back,
}


# Leaks: a shape, to which some lost bytes a request are added


def nothing(random: Generator, load: SimulatedLoad) -> Heights:
    """No growth but the leak."""
    return np.zeros(len(load.done))


def full_pool(random: Generator, load: SimulatedLoad) -> Heights:
    """A pool of up to 1.2 GiB that is full after a block or two."""
    size = random.choice([60, 300, 1200]) * random.uniform(0.8, 1.1)
    return np.asarray(size * np.minimum(1, load.done / random.uniform(0.02, 0.2)))


def half_filled_pool(random: Generator, load: SimulatedLoad) -> Heights:
    """A pool of up to 1.2 GiB that fills for half of the load, thread by thread."""
    threads = int(random.choice([20, 80]))
    at = np.sort(random.uniform(0, random.uniform(0.3, 0.5), threads))
    return THREAD_MIB * np.searchsorted(at, load.done, side="right").astype(np.float64)


def dying_part(random: Generator, load: SimulatedLoad) -> Heights:
    """Growth at the start that dies away exponentially."""
    return np.asarray(random.uniform(2, 60) * (1 - np.exp(-load.done / random.uniform(0.05, 0.25))))


def bad_moment(random: Generator, load: SimulatedLoad) -> Heights:
    """One trough that was taken at a bad moment."""
    heights = np.full(len(load.done), 5.0)
    heights[random.integers(load.blocks)] += random.choice([-3, 3]) * random.uniform(0.3, 1)
    return heights


def late_threads(random: Generator, load: SimulatedLoad) -> Heights:
    """A pool of eight, of which some threads start anywhere in the load."""
    at = np.sort(random.uniform(0, 1, 8))
    return THREAD_MIB * np.searchsorted(at, load.done, side="right").astype(np.float64)


def falling_start(random: Generator, load: SimulatedLoad) -> Heights:
    """Memory of the start that is given back meanwhile."""
    return -dying_part(random, load)


UNDER_LEAKS: Mapping[str, Shape] = {
    "leak alone": nothing,
    "leak under a full pool": full_pool,
    "leak under a filling pool": half_filled_pool,
    "leak and a dying part": dying_part,
    "leak in a heap that fills": filling_heap,
    "leak under late threads": late_threads,
    "leak under ever smaller steps": shrinking_steps,
    "leak under a hyperbola": hyperbola,
    "leak while memory is given back": falling_start,
    "leak with one outlier": bad_moment,
}


def leaked(random: Generator, load: SimulatedLoad, bytes_a_request: float) -> Heights:
    """Lost memory: evenly, or by the object, when one request in ten loses all."""
    every = int(random.choice([1, 1, 10]))
    lost = random.poisson(load.requests / load.blocks / every, len(load.done))
    even = load.done * load.requests
    return (np.cumsum(lost) * every if every > 1 else even) * bytes_a_request / MIB
