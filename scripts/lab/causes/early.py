"""What the first blocks of a trial make plausible, before there is a verdict."""

from lab.causes.causes import LIVE_CAUSES, Plausible, plausible_causes
from lab.causes.growth import WORTH_ASKING_BYTES
from lab.causes.memory_breakdown import second_half, whole_load
from lab.records.trial import Trial

EARLY_BLOCKS = 3
"""The least blocks before causes are sought: a start's own leftovers look like growth."""


def early_suspects(trial: Trial) -> tuple[Plausible, ...]:
    """Causes that what explains them is begun for; it is dropped where the verdict does not ask.

    Those of growth that would be worth asking about; of less, of live memory that each block adds
    to.
    """
    gained, later = whole_load(trial), second_half(trial)
    if gained is None or later is None or len(trial.block_troughs) < EARLY_BLOCKS:
        return ()
    if gained.memory >= WORTH_ASKING_BYTES:
        return plausible_causes(gained, later)
    return tuple(each for each in plausible_causes(later) if each.cause in LIVE_CAUSES)
