"""The growth of one trial that a cause is sought for."""

from dataclasses import dataclass, replace
from functools import cached_property

from lab.causes.causes import LIVE_CAUSES, Plausible, plausible_causes, possible
from lab.causes.memory_breakdown import MemoryBreakdown, second_half, whole_load
from lab.records.judgement import Verdict
from lab.records.trial import Trial
from lab.units import MIB
from lab.verdict.evidence import TroughEvidence
from lab.verdict.leak_criteria import leaking_live
from lab.verdict.trend import troughs_of
from lab.verdict.verdict import Judgement, judge_trial

WORTH_ASKING_BYTES = 4 * MIB
"""The least growth that has ended for which a cause is sought."""


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
        return second_half(self.trial) if self.leaks else self.whole

    @property
    def leaks(self) -> bool:
        """Whether the verdict is a leak."""
        return self.judged.verdict is Verdict.LEAK

    @cached_property
    def live_leaks(self) -> bool:
        """Whether it is a leak of what is allocated and not freed, whatever is free beside it."""
        troughs = troughs_of(self.trial) if self.leaks else None
        if troughs is None:
            return False
        return leaking_live(TroughEvidence(troughs, self.trial.start.matters_bytes)) is not None

    @property
    def per_request(self) -> float:
        """Bytes a request that a trace may see: the unexplained growth; of live memory that leaks
        without what is free beside it. 0 where it is not known."""
        delta = self.delta or self.whole
        if delta is None or not delta.requests:
            return 0.0
        free = max(delta.retained or 0, 0) + max(delta.python_free or 0, 0)
        held = max(delta.unexplained - free, delta.live or 0) if self.live_leaks else 0
        return (held or delta.unexplained) / delta.requests

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
        causes = (*self.hidden(self.delta), *plausible_causes(self.delta, second_half(self.trial)))
        if is_too_small(self.judged):
            return tuple(each for each in causes if each.keeps_growing)
        return causes

    def hidden(self, delta: MemoryBreakdown) -> tuple[Plausible, ...]:
        """The causes of live memory that leaks, where more memory that is free hides them."""
        shown = any(each.cause in LIVE_CAUSES for each in possible(delta))
        if shown or not self.live_leaks or delta.live is None:
            return ()
        alone = replace(delta, memory=delta.live)
        return tuple(each for each in possible(alone) if each.cause in LIVE_CAUSES)


def is_too_small(judged: Judgement) -> bool:
    """Whether no cause is sought: memory is flat, or grew little and is not a leak."""
    small = (judged.growth_bytes or 0) < WORTH_ASKING_BYTES
    return judged.verdict is Verdict.FLAT or (small and judged.verdict is not Verdict.LEAK)
