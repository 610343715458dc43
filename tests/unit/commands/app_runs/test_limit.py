"""The load of what is repeated, or explains, after an app met its limit."""

from dataclasses import replace

from builders import raw
from lab.commands.app_runs.limit import LIMITED_BLOCKS, repetition_of, shortened
from lab.records.trial import Trial
from lab.records.variant import LoadShape
from lab.units import MIB
from lab.verdict.limit import LimitMet

MET = LimitMet(1, 1000, 500 * MIB, replaced=False)


def ended_at_limit(requests: int = 4000) -> Trial:
    start = raw.start(raw.variant(limit_bytes=500 * MIB), requests=requests)
    return replace(raw.trial((100 * MIB,)), start=start)


def test_a_repetition_goes_half_way_to_its_limit_at_the_pace_that_was_seen() -> None:
    repeated = repetition_of(raw.variant(limit_bytes=1500 * MIB), ended_at_limit(), MET, 8192 * MIB)

    assert repeated.memory_limit_bytes == 1500 * MIB
    assert (repeated.load.requests, repeated.load.blocks) == (1750, LIMITED_BLOCKS)


def test_a_repetition_sends_no_more_than_confirms_a_leak() -> None:
    repeated = repetition_of(
        raw.variant(limit_bytes=1500 * MIB), ended_at_limit(400), MET, 8192 * MIB
    )

    assert repeated.load.requests == 600


def test_a_small_budget_gives_the_same_limit_and_less_load() -> None:
    repeated = repetition_of(raw.variant(limit_bytes=1500 * MIB), ended_at_limit(), MET, 500 * MIB)

    assert repeated.memory_limit_bytes == 500 * MIB
    assert repeated.load.requests == 500


def test_a_load_has_a_request_a_block_however_soon_the_limit_is_met() -> None:
    at_once = replace(MET, requests=3)
    repeated = repetition_of(
        raw.variant(limit_bytes=500 * MIB), ended_at_limit(), at_once, 8192 * MIB
    )

    assert repeated.load.requests == LIMITED_BLOCKS


def test_what_explains_gets_no_more_than_it_was_to_get() -> None:
    for asked, sent in ((4000, 500), (200, 200)):
        changed = raw.variant(limit_bytes=500 * MIB, load=LoadShape(requests=asked, blocks=8))
        assert shortened(changed, ended_at_limit(), MET, 8192 * MIB).load.requests == sent
