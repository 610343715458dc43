"""One made-up trial: a load, a shape, a meter's noise, and what is true of it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from lab.units import MIB
from lab.validation.shapes import (
    THREAD_MIB,
    Heights,
    Shape,
    SimulatedLoad,
    leaked,
    remembering,
)
from lab.verdict.trend import PredictedCeiling, Troughs

PAGE_MIB = 4096 / MIB


@dataclass(frozen=True, slots=True)
class Meter:
    """How a reading is taken: its noise, and the step in which it counts."""

    noise_mib: float
    step_mib: float
    memory: float
    """Correlation of the noise from one block to the next."""


@dataclass(frozen=True, slots=True)
class Case:
    """One made-up trial with its truth."""

    load: SimulatedLoad
    heights_mib: Heights
    leaks: bool
    baseline_mib: float = 40
    free_mib: Heights | None = None
    """What of it is free in the allocators; None: not known."""
    live_mib: Heights | None = None
    """What of it is allocated and not freed, counted to the byte; None: not known."""
    shape_mib: Heights | None = None
    """The heights without a leak and without the noise of a reading."""
    lost_mib: Heights | None = None
    """What a leak adds; None without one."""
    pool_threads: int | None = None
    """Threads of a pool whose ceiling was predicted; None: nothing was."""
    of_user_app: bool = False
    """Whether it is judged as a user app, whose few requests are not enough to be flat."""

    def troughs(self, blocks: int) -> Troughs:
        """The troughs that the lab has read after some blocks."""
        load, baseline = self.load, self.baseline_mib * self.load.workers
        return Troughs(
            int(baseline * MIB),
            tuple(int((baseline + height) * MIB) for height in self.heights_mib[:blocks]),
            tuple(load.requests * (block + 1) // load.blocks for block in range(blocks)),
            load.workers,
            load.requests,
            self.part(self.free_mib, blocks),
            self.part(self.live_mib, blocks),
            ceiling=self.ceiling,
            of_user_app=self.of_user_app,
        )

    @property
    def ceiling(self) -> PredictedCeiling | None:
        """The ceiling that was predicted before the load."""
        if self.pool_threads is None:
            return None
        thread_bytes = int(THREAD_MIB * MIB)
        return PredictedCeiling(self.pool_threads * thread_bytes, self.pool_threads, thread_bytes)

    def part(self, mib: Heights | None, blocks: int) -> tuple[int, ...] | None:
        """A part at the baseline and after each block; None where it is not known."""
        if mib is None:
            return None
        baseline = self.baseline_mib * self.load.workers / 2
        return tuple(int((baseline + size) * MIB) for size in (0.0, *mib[:blocks]))


def a_load(random: Generator, least_requests_a_worker: int = 0) -> SimulatedLoad:
    """One of the loads that people ask for."""
    workers = int(random.choice([1, 1, 1, 2, 4, 8, 12]))
    requests = int(random.choice([400, 1000, 2000, 4000, 8000]))
    blocks = int(random.choice([8, 8, 8, 12, 16, 24, 32]))
    return SimulatedLoad(blocks, max(requests, least_requests_a_worker * workers), workers)


def a_meter(random: Generator, workers: int) -> Meter:
    """The meter of an engine's counter, or of the less noisy sum over local processes."""
    memory = random.uniform(0, 0.5)
    if random.random() < 0.4:
        return Meter(random.uniform(0.005, 0.04) * np.sqrt(workers), PAGE_MIB, memory)
    return Meter(random.uniform(0.04, 0.2) * np.sqrt(workers), 64 * PAGE_MIB / 8, memory)


def read(random: Generator, heights: Heights, meter: Meter) -> Heights:
    """The heights as the meter reads them."""
    noise = remembering(random, len(heights), meter.memory, meter.noise_mib)
    return np.round((heights + noise) / meter.step_mib) * meter.step_mib


def without_leak(shape: Shape, random: Generator) -> Case:
    """A case without a leak."""
    load = a_load(random)
    meter = a_meter(random, load.workers)
    heights = shape(random, load)
    return Case(load, read(random, heights, meter), leaks=False, shape_mib=heights)


# The smallest leak that the lab states to find: it adds the largest of these over the planned
# load. The last is for loads of fewer than 4,000 requests a worker.
STATED_BYTES_A_REQUEST = 256
STATED_MIB = 1.0
STATED_NOISES = 20
STATED_MIB_A_WORKER_IN_SHORT_LOADS = 12
LONG_LOAD_REQUESTS = 4000
STATED_SHARE_OF_WHAT_ELSE_GREW = {True: 0.01, False: 0.05}
"""Shares by whether the load is a long one."""


def with_leak(under: Shape, random: Generator) -> Case:
    """A leak of a stated size or up to a hundred times that, under a shape that is none."""
    long = bool(random.random() < 0.6)
    load = a_load(random, LONG_LOAD_REQUESTS if long else 0)
    long = load.requests >= LONG_LOAD_REQUESTS * load.workers
    meter, other = a_meter(random, load.workers), under(random, load)
    grew = float(other[load.blocks - 1])
    least_mib = max(
        STATED_MIB,
        STATED_BYTES_A_REQUEST * load.requests / MIB,
        STATED_NOISES * meter.noise_mib,
        STATED_SHARE_OF_WHAT_ELSE_GREW[long] * grew,
        0 if long else STATED_MIB_A_WORKER_IN_SHORT_LOADS * load.workers,
    )
    size = least_mib * 10 ** random.uniform(0, 1)
    lost = leaked(random, load, size * MIB / load.requests)
    heights = read(random, other + lost, meter)
    return Case(load, heights, leaks=True, shape_mib=other, lost_mib=lost)


def cases(
    no_leaks: Mapping[str, Shape], leaks: Mapping[str, Shape], each: int, seed: int
) -> dict[str, list[Case]]:
    """The trials of every family, `each` of them; a seed a trial keeps them independent."""
    by_family: dict[str, list[Case]] = {}
    for maker, shapes in ((without_leak, no_leaks), (with_leak, leaks)):
        for name, shape in shapes.items():
            code = [seed, *name.encode()]
            by_family[name] = [maker(shape, np.random.default_rng([*code, i])) for i in range(each)]
    return by_family
