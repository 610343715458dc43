"""Which leak is followed, and how surely a measurement shows it."""

from dataclasses import replace

import pytest
from lab.bisect.leak import ALL, NATIVE, chance_of, leak_between, leak_bytes
from lab.records.bisection import Leak, PointMeasurement

FOLLOWED = Leak("aiohttp/web.py", "aiohttp/web.py:10", 0.0, 4000.0)


def kept(live: float, error: float = 5.0, **sites: float) -> PointMeasurement:
    named = {site.replace("__", "/") + ".py": size for site, size in sites.items()}
    return PointMeasurement(300, live, error, named)


def test_the_site_that_differs_most_is_followed_and_not_the_largest() -> None:
    bad, good = kept(9000, app=6000, aiohttp__web=3000), kept(6000, app=6000)

    leak = leak_between(bad, [good])

    assert leak is not None
    assert (leak.site, leak.good_bytes, leak.bad_bytes) == ("aiohttp/web.py", 0, 3000)


def test_what_no_trace_sees_is_native_memory() -> None:
    leak = leak_between(kept(72_000, app=40), [kept(45, app=40)])

    assert leak is not None
    assert leak.site == NATIVE


def test_ends_that_keep_the_same_do_not_differ() -> None:
    assert leak_between(kept(5000, app=5000), [kept(5010, app=5010)]) is None
    assert leak_between(kept(100, app=100), [kept(60, app=60)]) is None


def test_a_difference_within_the_noise_is_none() -> None:
    assert leak_between(kept(900, 400, app=900), [kept(0, app=0)]) is None


def test_a_second_leak_elsewhere_counts_nothing() -> None:
    other = kept(5000, app=5000)

    assert leak_bytes(FOLLOWED, other, [kept(4000, aiohttp__web=4000)]) == 0


def test_a_file_that_has_another_name_in_another_release_is_the_same_site() -> None:
    moved = kept(4000, aiohttp__server=4000)

    assert leak_bytes(FOLLOWED, moved, [kept(4000, aiohttp__web=4000)]) == 4000


@pytest.mark.parametrize(
    ("size", "error", "least", "most"),
    [(4000, 1, 0.999, 1), (0, 1, 0, 0.001), (2000, 1, 0.4, 0.6), (3000, 4000, 0.5, 0.7)],
)
def test_an_unclear_size_is_weighed(size: float, error: float, least: float, most: float) -> None:
    assert least <= chance_of(FOLLOWED, size, error) <= most


def test_a_point_whose_trace_did_not_answer_is_compared_by_what_is_live() -> None:
    bad, unanswered = (
        kept(4100, aiohttp__web=4000, app=50),
        PointMeasurement(300, 4090, 5, {}, False),
    )

    assert leak_bytes(FOLLOWED, unanswered, [bad]) == 3990
    assert leak_bytes(FOLLOWED, replace(unanswered, live_bytes=80), [bad]) == 0


def test_without_a_trace_at_an_end_all_that_is_live_is_followed() -> None:
    bad, good = PointMeasurement(300, 4090, 5, {}, False), kept(100, app=50)

    leak = leak_between(bad, [good])

    assert leak is not None
    assert (leak.site, leak.good_bytes, leak.bad_bytes) == (ALL, 100, 4090)
    assert leak_bytes(leak, kept(4000, app=50), [bad, good]) == 4000


def test_no_more_than_what_is_live_is_the_leaks() -> None:
    doubled = kept(4000, aiohttp__web=106_000)

    assert leak_bytes(FOLLOWED, doubled, [doubled]) == 4000
