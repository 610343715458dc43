"""A measurement from what a short run observed."""

import pytest
from lab.bisect.measurement import measurement, site_of
from lab.records.observations import AllocationTrace, TracedLine

PACKAGES = "/lib/python3.12/site-packages"


def traced(*frames: str, size: int = 1000) -> TracedLine:
    return TracedLine(size, 1, frames)


@pytest.mark.parametrize(
    ("frames", "site"),
    [
        (("/tmp/memlab-x/app/app.py:11",), "app.py:11"),
        ((f"{PACKAGES}/aiohttp/web.py:40", "/tmp/memlab-x/app/app.py:11"), "aiohttp/web.py"),
        (("/lib/python3.8/threading.py:12",), "threading.py"),
        (("Objects/listobject.c:3", f"{PACKAGES}/a/b.py:4"), "a/b.py"),
        ((), "an unknown line"),
    ],
)
def test_a_site_is_a_line_of_the_app_or_a_file_of_a_package(
    frames: tuple[str, ...], site: str
) -> None:
    assert site_of(traced(*frames)) == site


def test_a_table_that_doubles_once_is_no_growth() -> None:
    live = [0, 900, 1000, 1100, 90_000, 90_100, 90_200, 90_300]

    reading = measurement(live, [50] * 7, None, None, 1.0)

    assert reading.live_bytes == pytest.approx(2.0)
    assert reading.error_bytes == 0
    assert reading.requests == 300


def test_lines_of_one_file_are_one_site() -> None:
    lines = (
        traced(f"{PACKAGES}/a/b.py:4", size=700),
        traced(f"{PACKAGES}/a/b.py:9", size=300),
    )
    trace = AllocationTrace("tracemalloc", 100, 1000, lines, {})

    reading = measurement([0] * 8, [50] * 7, trace, None, 1.0)

    assert reading.sites == {"a/b.py": 10.0}
    assert reading.lines == {"a/b.py": "a/b.py:4"}
