"""What is run after an app met its memory limit: once more with a higher limit, and less load."""

from dataclasses import replace

from lab.records.trial import Trial
from lab.records.variant import Variant
from lab.stopping import CONFIRMED_LOADS
from lab.verdict.limit import LimitMet

LIMITED_BLOCKS = 12
"""Enough that the second half alone tells a leak, without more load."""
ROOM_SHARE = 0.5
"""Share of the way from the baseline to the limit that the repetition may go at the same pace: what
a request needs while it runs comes on top."""


def repetition_of(variant: Variant, trial: Trial, met: LimitMet, budget_bytes: int) -> Variant:
    """The variant of the repetition: its limit fits the budget, its load ends before the limit.

    Args:
        variant: the app with a higher limit, as the compose file has it.
        trial: the one that met its limit.
        met: how.
        budget_bytes: what all variants of the run may use.
    """
    fitting = with_limit_within(variant, budget_bytes)
    requests = requests_below(trial, met, fitting.memory_limit_bytes)
    most = round(CONFIRMED_LOADS * trial.start.requests)
    load = replace(
        fitting.load, requests=max(LIMITED_BLOCKS, min(requests, most)), blocks=LIMITED_BLOCKS
    )
    return replace(fitting, load=load)


def shortened(variant: Variant, trial: Trial, met: LimitMet, budget_bytes: int) -> Variant:
    """A variant that explains, with no more load than its limit allows for."""
    fitting = with_limit_within(variant, budget_bytes)
    asked, blocks = fitting.load.requests or trial.start.requests, fitting.load.blocks or 1
    requests = requests_below(trial, met, fitting.memory_limit_bytes)
    return replace(fitting, load=replace(fitting.load, requests=max(blocks, min(asked, requests))))


def with_limit_within(variant: Variant, budget_bytes: int) -> Variant:
    """The variant with a limit that the budget holds."""
    return replace(variant, memory_limit_bytes=min(variant.memory_limit_bytes, budget_bytes))


def requests_below(trial: Trial, met: LimitMet, limit_bytes: int) -> int:
    """How many requests lead half-way to a limit, at the pace at which the trial met its own."""
    baseline = trial.baseline.sample.memory_bytes if trial.baseline is not None else 0
    room, way = limit_bytes - baseline, max(met.limit_bytes - baseline, 1)
    return round(ROOM_SHARE * met.requests * max(room, 0) / way)
