"""What a trial asks for before its verdict: runs that explain are begun then."""

from typing import Any

import pytest
from builders import raw
from lab.causes.early_suspects import early_suspects
from lab.records.interventions import Cause
from lab.records.observations import ProbeReading
from lab.records.trial import Trial
from lab.units import MIB


def begun(*gained_mib: float, **kept: int) -> Trial:
    """Memory that grows block by block, in what is `kept` of a worker for each MiB."""

    def told(_: int, mib: float) -> ProbeReading:
        return raw.probe(raw.worker(**worker_of(mib, kept)))

    return raw.grown_trial((0.0, *gained_mib), told, end=None)


def worker_of(mib: float, kept: dict[str, int]) -> dict[str, Any]:
    known = {"in_use_bytes": 8 * MIB, "free_bytes": 0, "allocated_blocks": 1000}
    return {**known, **{part: known[part] + int(each * mib) for part, each in kept.items()}}


LIVE = {"in_use_bytes": MIB, "allocated_blocks": 10_000}


@pytest.mark.parametrize("gained", [(), (20,), (20, 40)])
def test_a_start_asks_for_nothing(gained: tuple[int, ...]) -> None:
    assert early_suspects(begun(*gained, **LIVE)) == ()


@pytest.mark.parametrize("kept", [LIVE, {"free_bytes": MIB}], ids=["live", "free"])
def test_growth_worth_asking_about_asks_for_its_causes(kept: dict[str, int]) -> None:
    assert early_suspects(begun(10, 20, 30, **kept)) != ()


def test_less_asks_only_for_live_memory_that_still_grows() -> None:
    (found,) = early_suspects(begun(1, 2, 3, **LIVE))

    assert found.cause is Cause.LIVE_OBJECTS
    assert early_suspects(begun(1, 2, 3, free_bytes=MIB)) == ()
    assert early_suspects(begun(3, 3, 3, **LIVE)) == ()
