import asyncio
import math
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from builders import raw
from lab.engines.choice import parse_missing
from lab.measure.run import split_missing
from lab.measure.slots import SlotPlan, Slots, Turns, plan_slots
from lab.records.experiment import MissingVariant
from lab.units import MIB


class UseMeter:
    """What is used at once, and the most that ever was."""

    def __init__(self) -> None:
        self.slots = self.bytes = self.most_slots = self.most_bytes = self.served = 0

    def enter(self, need_bytes: int) -> None:
        self.slots += 1
        self.bytes += need_bytes
        self.most_slots = max(self.most_slots, self.slots)
        self.most_bytes = max(self.most_bytes, self.bytes)

    def leave(self, need_bytes: int) -> None:
        self.slots -= 1
        self.bytes -= need_bytes
        self.served += 1


def used(plan: SlotPlan, needs: Sequence[int]) -> UseMeter:
    meter = UseMeter()

    async def one(slots: Slots, need_bytes: int, ticks: int) -> None:
        async with slots.slot(need_bytes):
            meter.enter(need_bytes)
            for _ in range(ticks):
                await asyncio.sleep(0)
            meter.leave(need_bytes)

    async def run() -> None:
        slots = Slots(plan)
        await asyncio.gather(*(one(slots, need, 1 + n % 5) for n, need in enumerate(needs)))

    asyncio.run(run())
    return meter


@pytest.mark.parametrize("budget", [4, 5, 7, 12, 100])
@pytest.mark.parametrize("slots", [1, 2, 3, 50])
def test_never_over_the_budget_nor_the_slots(budget: int, slots: int) -> None:
    needs = [4, 1, 1, 3, 2, 1, 4, 1, 2, 3, 1, 1] * 3
    meter = used(SlotPlan(slots, 2, budget), needs)

    assert meter.served == len(needs)
    assert meter.most_bytes <= budget
    assert meter.most_slots <= slots


def test_what_fits_runs_side_by_side() -> None:
    assert used(SlotPlan(12, 2, 100), [8] * 12).most_slots == 12


def test_a_slot_is_given_back_by_an_interruption() -> None:
    async def run() -> tuple[int, int]:
        slots = Slots(SlotPlan(1, 1, 10))

        async def hold() -> None:
            async with slots.slot(10), slots.load_slot():
                await asyncio.sleep(60)

        holding, waiting = asyncio.ensure_future(hold()), asyncio.ensure_future(hold())
        await asyncio.sleep(0.01)
        for task in (waiting, holding):
            task.cancel()
        await asyncio.gather(holding, waiting, return_exceptions=True)
        return slots.free_slots, slots.free_bytes

    assert asyncio.run(run()) == (1, 10)


@pytest.mark.parametrize("slot", [Slots.load_slot, Slots.start_slot])
def test_slots_bound_what_is_loaded_and_what_starts(slot: Callable[[Slots], Any]) -> None:
    async def run() -> int:
        slots, now, most = Slots(SlotPlan(9, 2, 100)), 0, 0

        async def load() -> None:
            nonlocal now, most
            async with slot(slots):
                now += 1
                most = max(most, now)
                await asyncio.sleep(0)
                now -= 1

        await asyncio.gather(*(load() for _ in range(9)))
        return most

    assert asyncio.run(run()) == 2


def test_who_has_most_left_to_do_loads_first() -> None:
    async def run() -> list[float]:
        slots, order = Slots(SlotPlan(9, 1, 100)), []

        async def load(left_seconds: float) -> None:
            async with slots.load_slot(left_seconds=left_seconds):
                order.append(left_seconds)
                await asyncio.sleep(0)

        await asyncio.gather(*(load(seconds) for seconds in (3.0, 1.0, 2.0, 5.0, 1.0, 4.0)))
        return order

    assert asyncio.run(run()) == [3.0, 5.0, 4.0, 2.0, 1.0, 1.0]


def test_while_one_waits_for_a_slot_who_has_least_left_loads_first() -> None:
    async def run() -> list[float]:
        slots, order = Slots(SlotPlan(1, 1, 100)), []

        async def load(left_seconds: float) -> None:
            async with slots.load_slot(left_seconds=left_seconds):
                order.append(left_seconds)
                await asyncio.sleep(0)

        async def wait_for_a_slot() -> None:
            async with slots.slot(1):
                pass

        async with slots.slot(1):
            waiting = asyncio.ensure_future(wait_for_a_slot())
            await asyncio.sleep(0)
            await asyncio.gather(*map(load, (3.0, 1.0, 2.0, math.inf, 4.0)))
        await waiting
        await asyncio.gather(*map(load, (1.0, 1.5, 2.5)))
        return order

    assert asyncio.run(run()) == [3.0, math.inf, 1.0, 2.0, 4.0, 1.0, 2.5, 1.5]


def test_who_is_interrupted_while_waiting_lets_the_others_pass() -> None:
    async def run() -> list[str]:
        slots, order = Slots(SlotPlan(9, 1, 100)), []

        async def load(name: str, left_seconds: float, ticks: float = 0.0) -> None:
            async with slots.load_slot(left_seconds=left_seconds):
                order.append(name)
                await asyncio.sleep(ticks)

        holding = asyncio.ensure_future(load("first", 0.0, 0.02))
        await asyncio.sleep(0)
        longest = asyncio.ensure_future(load("longest", 9.0))
        short = asyncio.ensure_future(load("short", 1.0))
        await asyncio.sleep(0.01)
        longest.cancel()
        await asyncio.gather(holding, short)
        return order

    assert asyncio.run(run()) == ["first", "short"]


@pytest.mark.parametrize(
    ("slots", "budget_bytes", "cpus", "expected"),
    [
        (None, None, 2, SlotPlan(3, 2, 800)),
        (None, 500, 2, SlotPlan(3, 2, 500)),
        (1, None, 2, SlotPlan(1, 1, 800)),
        (2, None, 8, SlotPlan(2, 2, 800)),
        (None, None, 1, SlotPlan(3, 1, 800)),
    ],
)
def test_the_plan_for_a_machine(
    slots: int | None, budget_bytes: int | None, cpus: int, expected: SlotPlan
) -> None:
    variants = [raw.variant(name) for name in "abc"]
    plan = plan_slots(variants, slots=slots, budget_bytes=budget_bytes, free_bytes=1000, cpus=cpus)

    assert plan == expected


def test_what_can_never_fit_or_was_not_built_is_split_off() -> None:
    big = raw.variant("py37-big", limit_bytes=200 * MIB)
    unbuilt, fine = raw.variant("py39-flask"), raw.variant("py38-flask")
    plan = SlotPlan(3, 2, 100 * MIB)

    ready, missing = split_missing((big, unbuilt, fine), {unbuilt.image: "no index"}, plan)

    assert ready == (fine,)
    assert missing == (
        MissingVariant(
            "py37-big", "it may need 200 MiB and the budget is 100 MiB: raise MEMORY_BUDGET"
        ),
        MissingVariant("py39-flask", "no index"),
    )


def test_what_was_not_built_is_told_in_lines() -> None:
    text = "memlab-py37-thread=pip ended with a=b\n\nnonsense\n memlab-py38-thread = timeout \n"

    assert parse_missing(text) == {
        "memlab-py37-thread": "its image memlab-py37-thread was not built: pip ended with a=b",
        "memlab-py38-thread": "its image memlab-py38-thread was not built: timeout",
    }


def test_a_rule_that_changes_while_they_are_asked_leaves_nobody_waiting() -> None:
    """Who is asked last may be asked by another rule than who was asked first."""

    async def run(changes_after: int) -> list[float]:
        order: list[float] = []
        asked = 0

        def ends_early() -> bool:
            nonlocal asked
            asked += 1
            return asked <= changes_after

        turns = Turns(1, ends_early)

        async def load(left_seconds: float) -> None:
            async with turns.take(left_seconds=left_seconds):
                order.append(left_seconds)
                await asyncio.sleep(0)

        async with asyncio.timeout(5):
            await asyncio.gather(*(load(seconds) for seconds in (3.0, 5.0, 1.0, 4.0)))
        return order

    for changes_after in range(60):
        assert sorted(asyncio.run(run(changes_after))) == [1.0, 3.0, 4.0, 5.0]
