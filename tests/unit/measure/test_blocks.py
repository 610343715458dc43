"""How long a block may take: its share of the time for a judgement, where that is limited."""

import time
from types import SimpleNamespace
from typing import Any

import pytest
from lab.measure.blocks import TRACED_BLOCK_SECONDS, BlockLoad
from lab.measure.budget import Budget
from lab.records.variant import Scenario


def load(
    budget: Budget | None,
    scenario: Scenario | None = None,
    may_extend: bool = True,
    compared: str = "",
) -> Any:
    trial: Any = SimpleNamespace(
        run=SimpleNamespace(budget=budget, waits=None, compared={compared}),
        variant=SimpleNamespace(scenario=scenario, name="one"),
        plan=SimpleNamespace(requests=80, blocks=8, may_extend=may_extend),
    )
    loaded = object.__new__(BlockLoad)
    loaded.trial, loaded.loaded_seconds = trial, 0.0
    return loaded


def test_a_judged_block_has_its_share_of_the_time_that_is_left() -> None:
    judged = load(Budget(80.0, time.monotonic() - 40.0))
    assert judged.most_seconds(4) == pytest.approx(10.0, abs=0.2)
    assert load(Budget(80.0, time.monotonic() - 90.0)).most_seconds(4) == 5.0


def test_what_explains_and_what_has_no_limit_get_their_whole_load() -> None:
    assert load(Budget(80.0, time.monotonic()), may_extend=False).most_seconds(4) is None
    assert load(None).most_seconds(4) is None
    assert load(None, Scenario.TRACED).most_seconds(4) == TRACED_BLOCK_SECONDS


def test_what_is_compared_has_the_whole_time_for_itself_whenever_it_begins() -> None:
    compared = load(Budget(80.0, time.monotonic() - 500.0), may_extend=False, compared="one")
    assert compared.most_seconds(0) == 10.0
    compared.loaded_seconds = 4.0
    assert compared.most_seconds(4) == 19.0
    compared.loaded_seconds = 100.0
    assert compared.most_seconds(4) == 5.0
    assert load(None, may_extend=False, compared="one").most_seconds(0) is None
