"""The growth of one trial that a cause is sought for."""

from dataclasses import dataclass
from functools import cached_property

from lab.causes.causes import Plausible, plausible_causes
from lab.causes.memory_breakdown import MemoryBreakdown, second_half, whole_load
from lab.records.judgement import Verdict
from lab.records.trial import Trial
from lab.units import MIB
from lab.verdict.verdict import Judgement, judge_trial

WORTH_ASKING_BYTES = 4 * MIB
"""Below it no cause is sought for growth that has ended."""


@dataclass(frozen=True)
class Growth:
    """A trial's growth with its verdict, each computed once."""

    trial: Trial

    @cached_property
    def judged(self) -> Judgement:
        """The verdict of the trial."""
        return judge_trial(self.trial)

    @cached_property
    def whole(self) -> MemoryBreakdown | None:
        """The delta over the whole load."""
        return whole_load(self.trial)

    @cached_property
    def delta(self) -> MemoryBreakdown | None:
        """The delta to explain: of a leak the second half of the load, else the whole."""
        leaks = self.judged.verdict is Verdict.LEAK
        return second_half(self.trial) if leaks else self.whole

    @property
    def per_request(self) -> float:
        """Unexplained growth in bytes a request; 0 where it is not known."""
        delta = self.delta or self.whole
        return delta.unexplained / delta.requests if delta and delta.requests else 0.0

    def over_whole_load(self, explained_bytes: int) -> int:
        """A part of the delta, scaled to the whole load."""
        if self.whole is None or self.delta is None or not self.delta.requests:
            return explained_bytes
        return round(explained_bytes * self.whole.requests / self.delta.requests)

    def suspects(self) -> tuple[Plausible, ...]:
        """The plausible causes of a growth that is worth asking about.

        Of memory that does not grow only what each request leaves open: a limit on descriptors,
        threads or processes ends a worker, too.
        """
        if self.delta is None:
            return ()
        causes = plausible_causes(self.delta, second_half(self.trial))
        if is_too_small(self.judged):
            return tuple(each for each in causes if each.keeps_growing)
        return causes


def is_too_small(judged: Judgement) -> bool:
    """Whether no cause is sought: memory is flat, or grew little and is no leak."""
    small = (judged.growth_bytes or 0) < WORTH_ASKING_BYTES
    return judged.verdict is Verdict.FLAT or (small and judged.verdict is not Verdict.LEAK)
