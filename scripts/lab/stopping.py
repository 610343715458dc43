"""The stopping rule: the load is extended until a trial is decided, and a leak confirmed."""

from enum import StrEnum

from lab.records.judgement import Verdict


class Rule(StrEnum):
    """When the load of a trial ends."""

    FIXED = "fixed"
    """After all planned blocks; then a quarter more at a time."""
    SEQUENTIAL = "sequential"
    """As soon as growth has ended, looking after each planned block; else as the fixed rule."""


# The load is extended to at most so many times what was asked for: what is open then stays open.
MOST_LOADS = 3

# A cache that fills evenly looks like a leak until it is full: a leak has to hold for half as
# much load again as was asked for.
CONFIRMED_LOADS = 1.5


def wants_more(
    verdict: Verdict, asked_blocks: int, blocks: int, *, open_ended: bool = False
) -> bool:
    """Whether a trial that was judged after so many blocks needs more load.

    Args:
        open_ended: whether the longest load may show growth to be endless that is taken for
            harmless so far.
    """
    if open_ended:
        return blocks < MOST_LOADS * asked_blocks
    if verdict is Verdict.LEAK:
        return blocks < CONFIRMED_LOADS * asked_blocks
    return verdict is Verdict.INCONCLUSIVE and blocks < MOST_LOADS * asked_blocks


def next_blocks(asked_blocks: int) -> int:
    """The number of blocks by which the load is extended before the trial is judged again."""
    return max(1, asked_blocks // 4)
