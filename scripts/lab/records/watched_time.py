"""Time in which the lab took readings: its own pauses are left out."""

from collections.abc import Sequence

import numpy as np

from lab.records.observations import Pause


def watched_seconds(moments_seconds: Sequence[float], pauses: Sequence[Pause]) -> list[float]:
    """Each moment minus the pauses before it, so that differences count only time with readings."""
    moments = np.asarray(moments_seconds, dtype=np.float64)
    watched = moments.copy()
    for pause in pauses:
        length = pause.ended_at_seconds - pause.started_at_seconds
        watched -= np.clip(moments - pause.started_at_seconds, 0.0, length)
    seconds: list[float] = watched.tolist()
    return seconds
