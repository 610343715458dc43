"""Which cooldowns of a trial are full, by what the first block shows."""

import asyncio
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from builders import raw
from lab.measure import cooldowns
from lab.measure.cooldown import CooldownEnd
from lab.measure.cooldown_rules import WAITS
from lab.measure.cooldowns import Cooldowns
from lab.records.variant import Scenario

MIB = raw.MIB
Kinds = list[tuple[int, bool]]


@pytest.fixture
def kinds_of(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Kinds]:
    """Index and kind of each trough of four blocks, whose readings are given in their order."""

    def kinds(sizes: Sequence[int | None], scenario: Scenario | None = None) -> Kinds:
        left = iter(sizes)

        class GivenReadings:
            def __init__(self, *_: Any) -> None:
                pass

            async def wait_until_stable(self, *_: float) -> CooldownEnd:
                size = next(left)
                sample = None if size is None else raw.sample(size)
                return CooldownEnd(0.1, True, sample, raw.probe(memory_bytes=size))

        monkeypatch.setattr(cooldowns, "Cooldown", GivenReadings)
        written: list[Any] = []
        trial: Any = SimpleNamespace(
            run=SimpleNamespace(waits=WAITS),
            variant=raw.variant("one", scenario=scenario),
            watch=None,
            probes_if_used=lambda probes: probes,
            check_alive=alive,
            writer=SimpleNamespace(write=written.append),
        )
        asyncio.run(four_blocks(Cooldowns(trial, None, ())))  # type: ignore[arg-type]
        return [(trough.index, trough.full) for trough in written]

    return kinds


async def alive() -> None:
    """The server lives on."""


async def four_blocks(of_trial: Cooldowns) -> None:
    await of_trial.take_baseline()
    for index in range(4):
        await of_trial.after_block(index)
    await of_trial.settle()
    assert not await of_trial.settle()


SHORT: Kinds = [(-1, True), (0, False), (0, True), (1, False), (2, False), (3, False), (3, True)]
FULL: Kinds = [(-1, True), (0, False), (0, True), (1, True), (2, True), (3, True)]


def test_short_where_the_timers_hold_nothing(kinds_of: Callable[..., Kinds]) -> None:
    assert kinds_of([20 * MIB] * 7) == SHORT


def test_full_where_they_hold_something(kinds_of: Callable[..., Kinds]) -> None:
    assert kinds_of([20 * MIB, 30 * MIB, 20 * MIB, 20 * MIB, 20 * MIB, 20 * MIB]) == FULL


@pytest.mark.parametrize("missing", [1, 2])
def test_full_where_it_was_not_seen(kinds_of: Callable[..., Kinds], missing: int) -> None:
    sizes: list[int | None] = [20 * MIB] * 6
    sizes[missing] = None

    kinds = kinds_of(sizes)

    assert [kind for kind in kinds if kind[0] > 0] == [(1, True), (2, True), (3, True)]


def test_what_a_short_trough_lacks_no_full_one_replaces(kinds_of: Callable[..., Kinds]) -> None:
    """A trough after a later block is none of the block before."""
    sizes = [*[20 * MIB] * 5, None]

    assert kinds_of(sizes) == SHORT[:5]


def test_nothing_is_judged_between_the_blocks_of_a_traced_run(
    kinds_of: Callable[..., Kinds],
) -> None:
    expected = [(-1, True), (0, False), (1, False), (2, False), (3, False), (3, True)]

    assert kinds_of([20 * MIB] * 6, Scenario.TRACED) == expected
