"""The troughs of one trial with what several criteria read of them, each worked out once."""

from dataclasses import dataclass
from functools import cached_property
from math import sqrt

from lab.units import KIB, MIB
from lab.verdict.model_selection import Trend, evidence_of, trend_of
from lab.verdict.trend import FittedLine, Segment, Troughs, fit, tail

# The most that the trough of one worker varies between equal moments (0.1 to 0.5 MiB);
# independent workers add up by squares.
TROUGH_NOISE_BYTES = 0.5 * MIB

# Standard deviation of a worker's live bytes between equal moments, at least: see
# docs/validation.md.
EXACT_NOISE_BYTES = 16 * KIB

# A saw-tooth of recycled workers: falls beyond noise and beyond this part of the rise.
FALL_NOISES = 4
FALL_SHARE = 0.25


@dataclass(frozen=True)
class TroughEvidence:
    """At least eight troughs, and what is computed from them once."""

    troughs: Troughs
    matters: float
    """Bytes a request below which growth is not a leak."""

    @cached_property
    def line(self) -> FittedLine:
        """The straight line through the second half of the blocks."""
        return fit(tail(self.troughs))

    @cached_property
    def trend(self) -> Trend:
        """The growth that does not end, as the best leaking model of all troughs has it."""
        return trend_of(self.troughs)

    @cached_property
    def evidence_of_tail(self) -> float:
        """AICc by which a leaking model explains the second half of the blocks better."""
        return evidence_of(tail(self.troughs), self.troughs.workers)

    @property
    def noise_bytes(self) -> float:
        """The most that the troughs of all workers together vary between equal moments."""
        return TROUGH_NOISE_BYTES * sqrt(self.troughs.workers)

    @property
    def exact_noise_bytes(self) -> float:
        """The standard deviation of all workers' live bytes between equal moments, at least."""
        return EXACT_NOISE_BYTES * sqrt(self.troughs.workers)

    @property
    def live(self) -> "TroughEvidence | None":
        """The evidence of live bytes alone; None where they are not known."""
        live = self.troughs.live
        return None if live is None else TroughEvidence(live, self.matters)

    def over_load(self, slope: float) -> float:
        """Bytes that a slope adds over as many requests as there were."""
        return slope * self.troughs.total_requests

    def least_fall_bytes(self, rise_bytes: float) -> float:
        """The least fall between two troughs that counts as a saw-tooth's."""
        return max(FALL_NOISES * self.noise_bytes, FALL_SHARE * rise_bytes)


def gain_bytes(stretch: Segment) -> int:
    """The last trough less the first."""
    return stretch.trough_bytes[-1] - stretch.trough_bytes[0]
