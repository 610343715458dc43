"""Interventions of a user app: which would tell its plausible causes apart, and what each did."""

from collections.abc import Sequence
from dataclasses import dataclass

from lab.causes.causes import LIVE_CAUSES, Plausible
from lab.causes.memory_breakdown import second_half, whole_load
from lab.records.interventions import Cause, Intervention
from lab.records.judgement import Verdict
from lab.records.trial import EndKind, Trial
from lab.units import MIB
from lab.verdict.verdict import judge_trial

MOST_AT_ONCE = 5
"""Interventions that are tried side by side: more would not fit into the time."""
PROVEN_SHARE = 0.5
"""An intervention that takes half of the growth away proves its cause."""
RUN_NOISE_BYTES = MIB
"""The largest difference in growth between two runs of the same app."""


FAILED = frozenset(EndKind) - {EndKind.COMPLETE, EndKind.INTERRUPTED, EndKind.CUT_OFF}
"""Ends of an app that does not get through its load with a change."""


@dataclass(frozen=True, slots=True)
class InterventionResult:
    """The effect of an intervention, against the control run in the same minutes."""

    change: Intervention
    gained_bytes: float
    saved_bytes: float
    """Growth of the control run minus that with the intervention; negative when it gained more."""
    rate: float | None
    """Completed requests a second, relative to the control."""
    verdict: Verdict | None = None
    """The verdict on the changed app."""
    requests: int = 0
    """What the changed app served, a count."""

    @property
    def worth(self) -> float:
        """Bytes saved, less the share of requests a second that it costs."""
        return self.saved_bytes * min(self.rate if self.rate is not None else 1.0, 1.0)

    @property
    def control_bytes(self) -> float:
        """The growth of the control run."""
        return self.gained_bytes + self.saved_bytes

    @property
    def takes_most(self) -> bool:
        """Whether it took away enough of the growth to prove a cause."""
        return self.saved_bytes >= PROVEN_SHARE * self.control_bytes

    def proves(self, cause: Cause) -> bool:
        """Whether it took away what the cause is said to hold."""
        return (
            cause in self.change.proves and self.takes_most and self.saved_bytes >= RUN_NOISE_BYTES
        )


def needs_control(changes: Sequence[Intervention]) -> bool:
    """Whether the unchanged app runs beside them: what is run last runs alone."""
    return any(not change.is_last for change in changes)


def worth_trying(
    causes: Sequence[Plausible], changes: Sequence[Intervention], most: int = MOST_AT_ONCE
) -> tuple[Intervention, ...]:
    """The interventions that would prove a plausible cause, the likeliest first; then what lowers
    the memory that live objects have from the start on; stop-gaps last.
    """
    wanted: dict[str, Intervention] = {}
    for cause in causes:
        for change in changes:
            if cause.cause in change.proves:
                wanted.setdefault(change.name, change)
    possible = {cause.cause for cause in causes}
    is_live = bool(possible & {*LIVE_CAUSES, Cause.COPIED_PAGES})
    levels = [change for change in changes if is_live and change.lowers_level]
    stop_gaps = [change for change in changes if possible & {*change.stops}]
    return (*wanted.values(), *levels, *stop_gaps)[:most]


def rank(result: InterventionResult) -> tuple[bool, bool, float]:
    """The key that sorts results: the one that is worth most first, stop-gaps last."""
    return result.change.is_stop_gap, result.change.lowers_level, -result.worth


def intervention_result(
    control: Trial, change: Intervention, trial: Trial
) -> InterventionResult | None:
    """The effect of the intervention; None when the changed app did not get through its load."""
    if trial.end is None or trial.end.kind is not EndKind.COMPLETE or whole_load(trial) is None:
        return None
    requests = sum(block.ok for block in control.blocks)
    leaks = judge_trial(control).verdict is Verdict.LEAK
    was, now = (growth_over(each, requests, leaks=leaks) for each in (control, trial))
    if change.lowers_level:
        was, now = (above_start(each, control) for each in (control, trial))
    before, after = requests_a_second(control), requests_a_second(trial)
    rate = after / before if before and after else None
    verdict = judge_trial(trial).verdict
    served = sum(block.ok for block in trial.blocks)
    return InterventionResult(change, now, was - now, rate, verdict, served)


def failure_text(change: Intervention, trial: Trial) -> str | None:
    """Why a change was not measured; None where it was, or where the run was interrupted, which
    says nothing of the change, or of another release, whose failure the advice tells.
    """
    end = trial.end
    if end is None or end.kind not in FAILED or change.release is not None:
        return None
    return f"{change.line}: {end.reason or end.kind.value}"


def above_start(trial: Trial, control: Trial) -> float:
    """Bytes of all processes at the end, above those that the control run began with."""
    settled, start = trial.settled, control.baseline
    if settled is None or start is None:
        return 0.0
    return float(settled.sample.memory_bytes - start.sample.memory_bytes)


def growth_over(trial: Trial, requests: int, *, leaks: bool) -> float:
    """Bytes gained; of a leak over so many requests at the rate of the second half of the load."""
    delta = second_half(trial) if leaks else whole_load(trial)
    if delta is None or not delta.requests:
        return 0.0
    return delta.memory / delta.requests * requests if leaks else float(delta.memory)


def requests_a_second(trial: Trial) -> float | None:
    """Completed requests a second under load; None without any load."""
    seconds = sum(block.ended_at_seconds - block.started_at_seconds for block in trial.blocks)
    return sum(block.ok for block in trial.blocks) / seconds if seconds > 0 else None
