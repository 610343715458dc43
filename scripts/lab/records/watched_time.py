"""Time in which the lab took readings: its own pauses are left out."""

from collections.abc import Sequence

import numpy as np

from lab.records.observations import Pause


def watched_seconds(moments_seconds: Sequence[float], pauses: Sequence[Pause]) -> list[float]:
    """The moments less the pauses before each: their differences count only time with readings."""
    moments = np.asarray(moments_seconds, dtype=np.float64)
    if not pauses or not moments.size:
        return [*moments.tolist()]
    # From the first moment on: sums of times since 1970 would lose what is small.
    first = float(moments[0])
    starts = np.sort([pause.started_at_seconds - first for pause in pauses])
    ends = np.sort([pause.ended_at_seconds - first for pause in pauses])
    since = moments - first
    begun, ended = (np.searchsorted(each, since, side="right") for each in (starts, ends))
    sums = [np.concatenate(([0.0], np.cumsum(each))) for each in (starts, ends)]
    left_out = (begun - ended) * since - (sums[0][begun] - sums[1][ended])
    seconds: list[float] = (moments - left_out).tolist()
    return seconds
