"""Which cooldowns of a trial are full, by what the first block shows."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from builders import raw
from lab.measure.cooldown import CooldownEnd
from lab.measure.cooldown_rules import WAITS
from lab.measure.cooldowns import Cooldowns
from lab.records.variant import Scenario
from lab.units import MIB

Kinds = list[tuple[int, bool]]


class GivenReadings:
    """Cooldowns that take what they must and 0.1 s, with memory of these sizes in their order."""

    def __init__(self, sizes: Sequence[int | None]) -> None:
        self.left = iter(sizes)

    async def wait_until_stable(self, least_seconds: float, _: float) -> CooldownEnd:
        size = next(self.left)
        sample = None if size is None else raw.sample(size)
        return CooldownEnd(least_seconds + 0.1, True, sample, raw.probe(memory_bytes=size))


def cooldowns_of(
    sizes: Sequence[int | None], scenario: Scenario | None = None, server: str = "uvicorn"
) -> tuple[Cooldowns, list[Any]]:
    """The cooldowns of a trial whose readings are given, and what they write."""
    written: list[Any] = []
    trial: Any = SimpleNamespace(
        run=SimpleNamespace(waits=WAITS),
        variant=raw.variant("one", scenario=scenario, server=server),
        watch=None,
        probes_if_used=lambda probes: probes,
        check_alive=alive,
        writer=SimpleNamespace(write=written.append),
    )
    cooldowns: Any = Cooldowns(trial, None, ())  # type: ignore[arg-type]
    cooldowns.cooldown = GivenReadings(sizes)
    return cooldowns, written


def kinds_of(
    sizes: Sequence[int | None], scenario: Scenario | None = None, server: str = "uvicorn"
) -> Kinds:
    """Index and kind of each trough of four blocks."""
    cooldowns, written = cooldowns_of(sizes, scenario, server)
    asyncio.run(four_blocks(cooldowns))
    return [(trough.index, trough.full) for trough in written]


async def alive() -> None:
    """The server lives on."""


async def four_blocks(of_trial: Cooldowns) -> None:
    await of_trial.take_baseline()
    for index in range(4):
        await of_trial.after_block(index, is_last=index == 3)
    await of_trial.settle()
    assert not await of_trial.settle()


SHORT: Kinds = [(-1, True), (0, False), (0, True), (1, False), (2, False), (3, False), (3, True)]
FULL: Kinds = [(-1, True), (0, False), (0, True), (1, True), (2, True), (3, True)]


def test_short_where_the_timers_hold_nothing() -> None:
    assert kinds_of([20 * MIB] * 7) == SHORT


def test_the_last_is_full_at_once_where_that_takes_no_longer() -> None:
    at_once = [*SHORT[:-2], SHORT[-1]]

    assert kinds_of([20 * MIB] * 6, server="gunicorn-gthread") == at_once


def test_full_where_they_hold_something() -> None:
    assert kinds_of([20 * MIB, 30 * MIB, 20 * MIB, 20 * MIB, 20 * MIB, 20 * MIB]) == FULL


@pytest.mark.parametrize("missing", [1, 2])
def test_full_where_it_was_not_seen(missing: int) -> None:
    sizes: list[int | None] = [20 * MIB] * 6
    sizes[missing] = None

    assert [kind for kind in kinds_of(sizes) if kind[0] > 0] == [(1, True), (2, True), (3, True)]


def test_what_a_short_trough_lacks_no_full_one_replaces() -> None:
    """A trough after a later block is none of the block before."""
    sizes = [*[20 * MIB] * 5, None]

    assert kinds_of(sizes) == SHORT[:5]


def test_nothing_is_judged_between_the_blocks_of_a_traced_run() -> None:
    expected = [(-1, True), (0, False), (1, False), (2, False), (3, False), (3, True)]

    assert kinds_of([20 * MIB] * 6, Scenario.TRACED) == expected


def test_the_pace_is_that_of_the_cooldowns_that_are_waited_between_blocks() -> None:
    held = [20 * MIB, 30 * MIB, *[20 * MIB] * 4]
    for sizes, between_seconds in (([20 * MIB] * 7, 0.1), (held, 5.6)):
        cooldowns, _ = cooldowns_of(sizes)

        asyncio.run(four_blocks(cooldowns))

        pace = cooldowns.pace(block_seconds=1.5)
        assert pace.block_seconds == 1.5
        assert pace.between_seconds == pytest.approx(between_seconds, abs=0.05)
        assert pace.last_seconds == pytest.approx(5.6, abs=0.05)
