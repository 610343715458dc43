"""Time under watch: the lab pauses its readings where nothing waits for one."""

from collections.abc import Sequence

import numpy as np

from lab.records.observations import Pause


def watched_seconds(moments_seconds: Sequence[float], pauses: Sequence[Pause]) -> list[float]:
    """Each moment less the pauses before it: between two of them lies the time under watch."""
    moments = np.asarray(moments_seconds, dtype=np.float64)
    watched = moments.copy()
    for pause in pauses:
        length = pause.ended_at_seconds - pause.started_at_seconds
        watched -= np.clip(moments - pause.started_at_seconds, 0.0, length)
    found: list[float] = watched.tolist()
    return found
