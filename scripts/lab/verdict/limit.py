"""Whether a trial met its memory limit, and after how many requests. Pure."""

from dataclasses import dataclass

from lab.records.trial import Trial
from lab.text.phrases import in_mib, number, they_were
from lab.verdict.validity import oom_kills_of


@dataclass(frozen=True, slots=True)
class LimitMet:
    """A death at the memory limit: of the whole server, or of workers that a master replaces."""

    kills: int
    """Processes that were killed; 1 where the whole server was."""
    requests: int
    """Completed requests until the limit is met; of replaced workers until all of them met it."""
    limit_bytes: int
    replaced: bool
    """Whether a master replaced what was killed, so that the server lived on."""

    @property
    def sentence(self) -> str:
        """One sentence: who was killed, at which limit and after how many requests."""
        limit, requests = in_mib(self.limit_bytes), number(self.requests)
        if not self.replaced:
            return (
                f"Its server was killed at the memory limit of {limit} after {requests} requests."
            )
        return (
            f"{they_were(self.kills, 'worker')} killed at the memory limit of {limit}; it is met"
            f" after about {requests} requests."
        )


def limit_met(trial: Trial) -> LimitMet | None:
    """How the trial met its memory limit; None where nothing was killed for memory."""
    limit_bytes = trial.start.variant.memory_limit_bytes
    kills, served = oom_kills_of(trial) or 0, sum(block.ok for block in trial.blocks)
    if trial.end is not None and trial.end.at_limit:
        return LimitMet(max(kills, 1), served, limit_bytes, replaced=False)
    if kills:
        return LimitMet(kills, _requests_of_a_life(trial, kills), limit_bytes, replaced=True)
    return None


def _requests_of_a_life(trial: Trial, kills: int) -> int:
    """Requests of the whole server while a worker lives: at most those until the first kill."""
    counts = {
        trough.index: trough.probe.oom_kills
        for trough in trial.troughs
        if trough.probe is not None and trough.probe.oom_kills is not None
    }
    least = min(counts.values())
    first = next(index for index, count in counts.items() if count > least)
    until_first = sum(block.ok for block in trial.blocks if block.index <= first)
    served = sum(block.ok for block in trial.blocks)
    return min(until_first, served * trial.start.variant.axes.workers // kills)
