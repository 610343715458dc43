"""Whether the answers of a user app grew with the load: then its own data grew."""

from collections.abc import Sequence
from dataclasses import dataclass

from lab.records.observations import Block
from lab.text.phrases import size
from lab.units import KIB

LEAST_DATA_BYTES = KIB
"""Less is the growth of a number or a date in an answer."""
LEAST_GROWTH_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class DataGrowth:
    """The kind of request whose answers grew most."""

    kind: str
    first_bytes: float
    """The mean size of an answer in the first block, in bytes."""
    last_bytes: float

    @property
    def sentence(self) -> str:
        """What grew, from what to what, and the next action."""
        return (
            f"The app's data grew with the load: an answer to {self.kind} grew from "
            f"{size(self.first_bytes)} to {size(self.last_bytes)}. So memory may hold data that "
            "the requests created; limit that data, or send requests that create none."
        )


def data_growth(blocks: Sequence[Block]) -> DataGrowth | None:
    """The kind whose answers grew most; None where none did, from block to block."""
    names = dict.fromkeys(name for block in blocks for name in block.kinds)
    growths = [growth for name in names if (growth := growth_of(name, blocks)) is not None]
    return max(growths, key=lambda each: each.last_bytes - each.first_bytes, default=None)


def growth_of(name: str, blocks: Sequence[Block]) -> DataGrowth | None:
    """The growth of one kind's answers; None where it did not last, or was small."""
    means = [mean for block in blocks if (mean := mean_bytes(block, name)) is not None]
    if len(means) < 4:
        return None
    half = len(means) // 2
    first, last = means[0], means[-1]
    rises = min(means[half:]) > max(means[: half // 2 + 1])
    enough = last - first >= max(LEAST_DATA_BYTES, LEAST_GROWTH_SHARE * first)
    return DataGrowth(name, first, last) if rises and enough else None


def mean_bytes(block: Block, name: str) -> float | None:
    """The mean size of a kind's answers in a block, in bytes; None without an answer."""
    counts = block.kinds.get(name)
    if counts is None:
        return None
    answers = sum(n for outcome, n in counts.outcomes.items() if outcome.isdigit())
    return counts.body_bytes / answers if answers else None
