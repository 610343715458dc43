from typing import Any

import pytest
import raw
from lab.quiet import STILL_BYTES, WAITS, least_seconds, memory_is_still

MIB = raw.MIB


@pytest.mark.parametrize(
    ("axes", "seconds"),
    [
        ({"server": "gunicorn-uvicorn"}, 6.0),
        ({"server": "uvicorn"}, 6.0),
        ({"server": "gunicorn-uvicorn-h11"}, 6.0),
        ({"server": "hypercorn"}, 6.0),
        ({"server": "unheard-of"}, 6.0),
        ({"server": "gunicorn-gthread", "framework": "flask"}, 3.0),
        ({"server": "gunicorn-sync", "framework": "flask"}, 1.0),
        ({"server": "flask-dev", "framework": "flask"}, 1.0),
        ({"stack": "latest"}, 11.0),
        ({"stack": "latest", "framework": "flask", "server": "gunicorn-gthread"}, 3.0),
    ],
)
def test_a_quiet_outlasts_the_timers_of_server_and_stack(
    axes: dict[str, Any], seconds: float
) -> None:
    assert least_seconds(raw.axes(**axes)) == seconds


@pytest.mark.parametrize(
    ("sizes", "still"),
    [
        ((), False),
        ((MIB, MIB), False),
        ((MIB, MIB, MIB), True),
        ((9 * MIB, MIB, MIB, MIB), True),
        ((MIB, MIB, MIB + STILL_BYTES), True),
        ((MIB, MIB, MIB + STILL_BYTES + 1), False),
        ((MIB + STILL_BYTES + 1, MIB, MIB), False),
    ],
)
def test_memory_is_still_when_the_last_three_readings_agree(
    sizes: tuple[int, ...], still: bool
) -> None:
    assert memory_is_still([raw.sample(size) for size in sizes]) is still


def test_tasks_must_hold_still_as_well() -> None:
    samples = [raw.sample(MIB, pids=pids) for pids in (3, 3, 4)]

    assert not memory_is_still(samples)


def test_a_trial_waits_as_long_as_its_server_needs() -> None:
    assert WAITS.least_quiet_seconds is least_seconds
    assert WAITS.reading_seconds > 1.0
