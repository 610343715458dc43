"""What came from which sitting of a run that was interrupted and went on."""

from collections.abc import Iterator, Sequence

from lab.records.summary import Sitting
from lab.text.phrases import listed

MOST_TRIALS = 12


def sitting_sentences(sittings: Sequence[Sitting]) -> Iterator[str]:
    """A sentence a sitting; none for a run in one piece."""
    for number, sitting in enumerate(sittings, start=1):
        if sitting.trials:
            trials = listed(sitting.trials, MOST_TRIALS)
            yield f"Sitting {number}, from {sitting.started_at}, measured {trials}."
        else:
            yield f"Of sitting {number}, from {sitting.started_at}, no trial is left."
