"""What the first blocks of a trial make plausible, before there is a verdict."""

from lab.causes.causes import LIVE_CAUSES, Plausible, plausible_causes
from lab.causes.growth import WORTH_ASKING_BYTES
from lab.causes.memory_breakdown import second_half, whole_load
from lab.records.trial import Trial

EARLY_BLOCKS = 3
"""Fewer blocks show no cause: what the start leaves behind looks like growth."""


def early_suspects(trial: Trial) -> tuple[Plausible, ...]:
    """The causes for which explaining runs begin before the verdict, which may drop them again.

    They are those of growth that is worth asking about. Of smaller growth they are those of live
    memory to which each block adds.
    """
    gained, later = whole_load(trial), second_half(trial)
    if gained is None or later is None or len(trial.block_troughs) < EARLY_BLOCKS:
        return ()
    if gained.memory >= WORTH_ASKING_BYTES:
        return plausible_causes(gained, later)
    return tuple(each for each in plausible_causes(later) if each.cause in LIVE_CAUSES)
