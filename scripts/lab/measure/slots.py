"""How many variants run at once, and how many of them are under load.

A slot is a variant that runs: as many as the memory budget holds, by the sum of their limits.
A load slot is a variant under load, in a block or in a user app's warm-up: one a CPU, so that each
meets the same contention however many slots there are; the others are in their cooldown meanwhile.
A variant that is judged while others only explain takes all of them: no other loads meanwhile.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from lab.records.former_keys import written_as
from lab.records.variant import Variant

BUDGET_SHARE_OF_FREE = 0.8


@dataclass(frozen=True, slots=True)
class SlotPlan:
    """How much runs at once."""

    slots: int = field(metadata=written_as("lanes"))
    load_slots: int
    budget_bytes: int


def plan_slots(
    variants: Sequence[Variant],
    *,
    slots: int | None,
    budget_bytes: int | None,
    free_bytes: int,
    cpus: int,
) -> SlotPlan:
    """The plan for this machine; sizes in bytes."""
    return SlotPlan(
        slots=slots or max(len(variants), 1),
        load_slots=max(1, min(cpus, slots or cpus)),
        budget_bytes=budget_bytes or int(free_bytes * BUDGET_SHARE_OF_FREE),
    )


class Turns:
    """Turns for a number at once, or for one alone, which comes before others that wait.

    Of the others, who has most left to do comes first, so that nobody is left alone at the end.
    While `ends_early` is true, who has least left comes first, after those of whom it is not known.
    """

    def __init__(self, count: int, ends_early: Callable[[], bool] = lambda: False) -> None:
        self.count = self.free = count
        self.ends_early = ends_early
        self.is_early = ends_early()
        """One rule for all who are asked in one go: by two, two might each let the other in."""
        self.alone_waiting = 0
        self.left_seconds: list[float] = []
        """What those who wait have left to do."""
        self.changed = asyncio.Condition()

    def must_wait(self, *, alone: bool, left_seconds: float) -> bool:
        """Whether a turn is not to be had now."""
        if self.free < (self.count if alone else 1):
            return True
        first = max(self.left_seconds, key=self.rank)
        return not alone and (self.alone_waiting > 0 or self.rank(left_seconds) < self.rank(first))

    def rank(self, left_seconds: float) -> float:
        """The rank of one who waits, the highest first; infinite where the rest is not known."""
        is_known = math.isfinite(left_seconds)
        return -left_seconds if is_known and self.is_early else left_seconds

    def ask_again(self) -> None:
        """Have all who wait look whether it is their turn."""
        self.is_early = self.ends_early()
        self.changed.notify_all()

    @asynccontextmanager
    async def take(self, *, alone: bool = False, left_seconds: float = 0.0) -> AsyncIterator[None]:
        """Wait for a turn, or for all of them."""
        async with self.changed:
            self.alone_waiting += alone
            self.left_seconds.append(left_seconds)
            try:
                await self.changed.wait_for(
                    lambda: not self.must_wait(alone=alone, left_seconds=left_seconds)
                )
                self.free -= self.count if alone else 1
            finally:
                self.alone_waiting -= alone
                self.left_seconds.remove(left_seconds)
                self.ask_again()
        try:
            yield
        finally:
            async with self.changed:
                self.free += self.count if alone else 1
                self.ask_again()


class Slots:
    """The slots of a run, and the turns to start and to load."""

    def __init__(self, plan: SlotPlan) -> None:
        self.free_bytes = plan.budget_bytes
        self.free_slots = plan.slots
        self.waiting = 0
        """How many variants wait for a slot."""
        self.changed = asyncio.Condition()
        self.loads = Turns(plan.load_slots, ends_early=lambda: self.waiting > 0)
        self.starts = asyncio.Semaphore(plan.load_slots)

    @asynccontextmanager
    async def slot(self, need_bytes: int) -> AsyncIterator[None]:
        """Wait until a slot and the memory are free."""
        async with self.changed:
            self.waiting += 1
            try:
                await self.changed.wait_for(
                    lambda: self.free_slots > 0 and self.free_bytes >= need_bytes
                )
            finally:
                self.waiting -= 1
            self.free_slots -= 1
            self.free_bytes -= need_bytes
        try:
            yield
        finally:
            async with self.changed:
                self.free_slots += 1
                self.free_bytes += need_bytes
                self.changed.notify_all()

    @asynccontextmanager
    async def start_slot(self) -> AsyncIterator[None]:
        """Wait for the turn to start.

        A server's start is work for the CPUs as a load is: eight workers that start among ten other
        variants miss gunicorn's timeout of 10 s before they have begun.
        """
        async with self.starts:
            yield

    @asynccontextmanager
    async def load_slot(
        self, *, alone: bool = False, left_seconds: float = 0.0
    ) -> AsyncIterator[None]:
        """Wait for the turn to load, alone or among as many as there are CPUs.

        Args:
            alone: whether no other loads meanwhile.
            left_seconds: what its trial has left. While a variant waits for a slot, who has least
                left loads first, so that one is free soon.
        """
        async with self.loads.take(alone=alone, left_seconds=left_seconds):
            yield
