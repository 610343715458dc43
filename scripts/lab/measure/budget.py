"""The time for a judgement: how much load it holds, and whether more of it fits."""

import time
from dataclasses import dataclass, replace

from lab.records.judgement import LEAST_REQUESTS
from lab.records.trial import LoadFit

LOAD_SHARE, MOST_SHARE = 1 / 3, 2 / 3
"""Shares of the time that the load which is asked for may take: start, cooldowns, and what is added
to decide take the rest. The larger one holds up to the least load that decides anything."""

LEAST_BLOCK_SECONDS = 5.0
"""The least time of a block, also once the time is over: fewer than all decide nothing."""


@dataclass(frozen=True, slots=True)
class Budget:
    """A number of seconds from a moment on."""

    seconds: float
    began_seconds: float
    """The start, in seconds of the monotonic clock."""
    least_block_seconds: float = LEAST_BLOCK_SECONDS

    def fit(self, asked: int, blocks: int, request_seconds: float) -> LoadFit | None:
        """The smaller load; None where what is asked for fits.

        Args:
            asked: requests.
            blocks: at least one request each.
            request_seconds: measured, with the load's own concurrency.
        """
        whole = self.seconds / max(request_seconds, 1e-6)
        deciding = min(LEAST_REQUESTS, int(whole * MOST_SHARE))
        requests = max(blocks, int(whole * LOAD_SHARE), deciding)
        if requests >= asked:
            return None
        needed = asked * request_seconds / LOAD_SHARE
        return LoadFit(asked, requests, request_seconds, self.seconds, needed)

    def renewed(self) -> "Budget":
        """As much time again, from now on."""
        return replace(self, began_seconds=time.monotonic())

    def left_seconds(self) -> float:
        return max(self.began_seconds + self.seconds - time.monotonic(), 0.0)

    def block_seconds(self, blocks_left: int) -> float:
        """The most seconds of one of the blocks that are left: a machine may slow after pacing."""
        return max(self.left_seconds() / max(blocks_left, 1), self.least_block_seconds)

    def compared_seconds(self, loaded_seconds: float, blocks_left: int) -> float:
        """The most seconds of a block of a load that is compared, whenever it began: what its
        blocks before did not need of their equal shares comes on top.

        Args:
            loaded_seconds: what they took, without cooldowns.
            blocks_left: with this one.
        """
        left_seconds = max(self.seconds - loaded_seconds, 0.0)
        return max(left_seconds / max(blocks_left, 1), self.least_block_seconds)

    def allows(self, seconds: float) -> bool:
        """Whether so many seconds more end in time."""
        return time.monotonic() + seconds <= self.began_seconds + self.seconds
