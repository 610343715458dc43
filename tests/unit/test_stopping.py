from lab.records.judgement import Verdict
from lab.stopping import next_blocks, wants_more


def test_what_is_open_gets_three_loads_at_most() -> None:
    assert wants_more(Verdict.INCONCLUSIVE, 8, 8)
    assert wants_more(Verdict.INCONCLUSIVE, 8, 22)
    assert not wants_more(Verdict.INCONCLUSIVE, 8, 24)


def test_a_leak_is_to_hold_for_half_as_much_again() -> None:
    assert wants_more(Verdict.LEAK, 8, 10)
    assert not wants_more(Verdict.LEAK, 8, 12)


def test_what_has_ended_needs_no_more() -> None:
    assert not wants_more(Verdict.FLAT, 8, 8)
    assert not wants_more(Verdict.BOUNDED, 8, 8)


def test_a_quarter_is_added_at_a_time() -> None:
    assert [next_blocks(blocks) for blocks in (8, 10, 32, 3)] == [2, 2, 8, 1]


def test_what_may_be_endless_is_followed_to_the_longest_load() -> None:
    assert wants_more(Verdict.BOUNDED, 8, 22, open_ended=True)
    assert not wants_more(Verdict.BOUNDED, 8, 24, open_ended=True)
