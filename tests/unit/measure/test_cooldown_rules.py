from dataclasses import replace
from typing import Any

import pytest
from builders import raw
from lab.matrix.servers import min_cooldown_seconds
from lab.measure.cooldown_rules import (
    GIVEN_BACK_BYTES,
    LIVE_RESIDUE_BYTES,
    STABLE_BYTES,
    WAITS,
    CooldownReading,
    agree,
    cooldown_reading,
    is_without_residue,
    memory_is_stable,
)
from lab.records.observations import ProcessReading, Trough
from lab.records.readings import SLACK_BYTES
from lab.units import MIB


@pytest.mark.parametrize(
    ("axes", "seconds"),
    [
        ({"server": "gunicorn-uvicorn"}, 5.5),
        ({"server": "uvicorn"}, 5.5),
        ({"server": "gunicorn-uvicorn-h11"}, 5.5),
        ({"server": "hypercorn"}, 5.5),
        ({"server": "unheard-of"}, 5.5),
        ({"server": "gunicorn-gthread", "framework": "flask"}, 2.5),
        ({"server": "gunicorn-sync", "framework": "flask"}, 0.5),
        ({"server": "flask-dev", "framework": "flask"}, 0.5),
        ({"stack": "latest"}, 10.5),
        ({"stack": "latest", "framework": "flask", "server": "gunicorn-gthread"}, 2.5),
    ],
)
def test_a_cooldown_outlasts_the_timers_of_server_and_stack(
    axes: dict[str, Any], seconds: float
) -> None:
    assert min_cooldown_seconds(raw.axes(**axes)) == seconds


@pytest.mark.parametrize(
    ("packages", "seconds"),
    [
        (None, 5.5),
        ((), 0.5),
        (("flask", "werkzeug", "anyio", "ujson"), 0.5),
        (("starlette", "uvicorn"), 5.5),
        (("gunicorn", "django"), 2.5),
        (("gunicorn", "uvicorn"), 5.5),
        (("aiohttp",), 5.5),
    ],
)
def test_a_user_app_waits_for_the_servers_that_are_installed(
    packages: tuple[str, ...] | None, seconds: float
) -> None:
    assert min_cooldown_seconds(raw.axes(stack="own", server="own"), packages) == seconds


@pytest.mark.parametrize(
    ("sizes", "stable"),
    [
        ((), False),
        ((MIB, MIB), False),
        ((MIB, MIB, MIB), True),
        ((9 * MIB, MIB, MIB, MIB), True),
        ((MIB, MIB, MIB + STABLE_BYTES), True),
        ((MIB, MIB, MIB + STABLE_BYTES + 1), False),
        ((MIB + STABLE_BYTES + 1, MIB, MIB), False),
    ],
)
def test_memory_is_stable_when_the_last_three_readings_agree(
    sizes: tuple[int, ...], stable: bool
) -> None:
    assert memory_is_stable([raw.sample(size) for size in sizes]) is stable


def test_tasks_must_be_stable_as_well() -> None:
    samples = [raw.sample(MIB, pids=pids) for pids in (3, 3, 4)]

    assert not memory_is_stable(samples)


READING = CooldownReading(MIB, 3, 7)


@pytest.mark.parametrize(
    ("later", "agreed"),
    [
        (READING, True),
        (replace(READING, memory_bytes=MIB + STABLE_BYTES), True),
        (replace(READING, memory_bytes=MIB + STABLE_BYTES + 1), False),
        (replace(READING, memory_bytes=MIB - STABLE_BYTES - 1), False),
        (replace(READING, tasks=4), False),
        (replace(READING, tasks=None), False),
        (replace(READING, descriptors=8), False),
        (None, False),
    ],
)
def test_readings_agree_in_memory_tasks_and_descriptors(
    later: CooldownReading | None, agreed: bool
) -> None:
    assert agree(READING, later) is agreed
    assert agree(later, READING) is agreed


RESIDENT = replace(READING, rss_bytes=20 * MIB)


@pytest.mark.parametrize(
    ("moved_bytes", "rss_bytes", "agreed"),
    [
        (STABLE_BYTES + 4096, 20 * MIB, True),
        (-STABLE_BYTES - 4096, 20 * MIB + STABLE_BYTES, True),
        (SLACK_BYTES, 20 * MIB, True),
        (SLACK_BYTES + 4096, 20 * MIB, False),
        (STABLE_BYTES + 4096, 20 * MIB + STABLE_BYTES + 1, False),
        (STABLE_BYTES + 4096, None, False),
        (STABLE_BYTES, None, True),
    ],
)
def test_what_the_counters_slack_moves_is_told_by_what_is_resident(
    moved_bytes: int, rss_bytes: int | None, agreed: bool
) -> None:
    later = replace(RESIDENT, memory_bytes=MIB + int(moved_bytes), rss_bytes=rss_bytes)

    assert agree(RESIDENT, later) is agreed
    assert agree(later, RESIDENT) is agreed


def test_a_missing_reading_agrees_with_none() -> None:
    assert cooldown_reading(None, None) is None
    assert not agree(None, None)


def test_a_look_goes_by_what_is_known_inside() -> None:
    processes = (
        ProcessReading(10, 1, 4.0, "gunicorn", 1, MIB, MIB, 5),
        ProcessReading(11, 10, 4.0, "gunicorn", 4, MIB, MIB, 6),
    )
    sample = raw.sample(9 * MIB, pids=99)

    inside = raw.probe(processes=processes, memory_bytes=MIB)
    assert (
        cooldown_reading(inside, sample)
        == cooldown_reading(inside, None)
        == CooldownReading(MIB, 5, 11, 2 * MIB)
    )
    assert cooldown_reading(replace(inside, memory_bytes=None), sample) == CooldownReading(
        9 * MIB, 5, 11, 2 * MIB
    )
    assert cooldown_reading(replace(inside, memory_bytes=None), None) is None
    assert cooldown_reading(None, sample) == CooldownReading(9 * MIB, 99, None)


def test_one_unreadable_process_makes_descriptors_and_resident_memory_unknown() -> None:
    processes = (
        ProcessReading(10, 1, 4.0, "gunicorn", 1, MIB, MIB, 5),
        ProcessReading(11, 10, 4.0, "gunicorn", 4, None, None, None),
    )

    assert cooldown_reading(
        raw.probe(processes=processes, memory_bytes=MIB), None
    ) == CooldownReading(MIB, 5, None)


def test_a_trial_waits_as_long_as_its_server_needs() -> None:
    assert WAITS.min_cooldown_seconds is min_cooldown_seconds
    assert WAITS.reading_seconds > 1.0


def a_trough(memory_bytes: int, live_bytes: int | None, **changes: Any) -> Trough:
    worker = replace(raw.worker(), in_use_bytes=live_bytes, mmapped_bytes=0, python_in_use_bytes=0)
    inside = raw.probe(worker, memory_bytes=memory_bytes)
    return raw.trough(0, probe=inside, **changes)


@pytest.mark.parametrize(
    ("memory_bytes", "live_bytes", "without"),
    [
        (50 * MIB, 20 * MIB, True),
        (50 * MIB - GIVEN_BACK_BYTES, 20 * MIB, True),
        (50 * MIB - GIVEN_BACK_BYTES - 1, 20 * MIB, False),
        (50 * MIB, 20 * MIB - LIVE_RESIDUE_BYTES, True),
        (50 * MIB, 20 * MIB - LIVE_RESIDUE_BYTES - 1, False),
        (55 * MIB, 25 * MIB, True),
    ],
    ids=["equal", "little", "memory", "little-live", "live", "grows"],
)
def test_residue_is_what_a_full_cooldown_gives_back(
    memory_bytes: int, live_bytes: int, *, without: bool
) -> None:
    early, full = a_trough(50 * MIB, 20 * MIB, full=False), a_trough(memory_bytes, live_bytes)

    assert is_without_residue(early, full) is without


def test_where_live_bytes_are_not_known_memory_tells_residue() -> None:
    early = a_trough(50 * MIB, None, full=False)

    assert is_without_residue(early, a_trough(50 * MIB - STABLE_BYTES, None))
    assert not is_without_residue(early, a_trough(50 * MIB - STABLE_BYTES - 1, None))
    assert not is_without_residue(early, a_trough(50 * MIB - STABLE_BYTES - 1, 20 * MIB))


def test_residue_is_assumed_where_it_was_not_seen() -> None:
    trough = a_trough(50 * MIB, None)

    assert is_without_residue(trough, trough)
    assert not is_without_residue(None, trough)
    assert not is_without_residue(trough, None)
    assert not is_without_residue(replace(trough, stable=False), trough)
