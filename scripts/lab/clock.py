"""The time of day in what is written down, by a clock that only goes forward.

The clock of a machine may be set while a run goes on, by hand or by the network's time. All records
of a run are placed by one clock that is not: the time of day when the driver began, and the time
since then. The machine's sleep counts as time.
"""

import time

_COUNTER = getattr(time, "CLOCK_BOOTTIME", None)


def counted_seconds() -> float:
    return time.monotonic() if _COUNTER is None else time.clock_gettime(_COUNTER)


_BEGAN_SECONDS, _COUNTED_THEN = time.time(), counted_seconds()


def now_seconds() -> float:
    """The time since 1970, as it would be had the clock not been set since the driver began."""
    return _BEGAN_SECONDS + counted_seconds() - _COUNTED_THEN


def steady_seconds(of_day_seconds: float) -> float:
    """A moment just now that another program has read from the machine's clock, by this one."""
    return of_day_seconds + now_seconds() - time.time()
