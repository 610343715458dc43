"""The leak that is followed through the points, and how surely a measurement shows it.

Bytes a request of one allocation site are compared, not whether the app grows: a second leak does
not hijack the search.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from lab.records.bisection import Leak, PointMeasurement
from lab.records.interventions import Cause
from lab.records.judgement import MIN_LEAK_BYTES_PER_REQUEST

NATIVE = Cause.NATIVE.value
"""What is live and no trace of Python saw."""
ALL = "all that is live"
"""The only site of a run whose trace did not answer."""
LEAST_DIFFERENCE_BYTES = 64
"""Ends that differ by less a request do not differ."""
SIGMAS = 3.0
SPREAD = 0.08
"""Standard deviation of a site's bytes a request from one point to the next, as a share of the
difference between the ends: entries differ in size, tables double."""


def bytes_by_site(measured: PointMeasurement) -> Mapping[str, float]:
    """Bytes a request by allocation site; what no trace saw is a site of its own."""
    if not measured.is_traced:
        return {ALL: measured.live_bytes}
    traced = sum(measured.sites.values())
    return {**measured.sites, NATIVE: max(measured.live_bytes - traced, 0.0)}


def leak_between(bad: PointMeasurement, good: Sequence[PointMeasurement]) -> Leak | None:
    """The site whose bytes a request differ most between the bad end and the best of the others.

    Returns:
        None where the ends do not differ. Without another end the site that keeps most, where it
        keeps what matters.
    """
    if not all(each.is_traced for each in (bad, *good)):
        bad, good = untraced(bad), [untraced(each) for each in good]
    gains = [(gain_of(site, bad, good), site) for site in bytes_by_site(bad)]
    gain, site = max(gains, key=lambda pair: pair[0])
    least = LEAST_DIFFERENCE_BYTES if good else MIN_LEAK_BYTES_PER_REQUEST
    if gain <= max(least, SIGMAS * bad.error_bytes):
        return None
    bad_bytes = bytes_by_site(bad)[site]
    return Leak(site, bad.lines.get(site, site), bad_bytes - gain, bad_bytes)


def untraced(measured: PointMeasurement) -> PointMeasurement:
    """The measurement by what is live alone."""
    return replace(measured, is_traced=False)


def gain_of(site: str, bad: PointMeasurement, good: Sequence[PointMeasurement]) -> float:
    """What a site keeps more at the bad end than at the end where it keeps least."""
    return bytes_by_site(bad)[site] - min(
        (bytes_by_site(each).get(site, 0.0) for each in good), default=0.0
    )


def leak_bytes(leak: Leak, measured: PointMeasurement, ends: Sequence[PointMeasurement]) -> float:
    """Bytes a request of the leak at a point, at most what is live at all.

    Args:
        ends: what was measured at the ends, the bad one first.
    """
    if leak.site == ALL:
        return measured.live_bytes
    if not measured.is_traced:
        # What else is live at the bad end is taken to be live here as well.
        return max(measured.live_bytes - (ends[0].live_bytes - leak.bad_bytes), 0.0)
    # The trace is taken after the count, and may see a table that doubles then.
    return min(traced_bytes(leak, measured, ends), max(measured.live_bytes, 0.0))


def traced_bytes(leak: Leak, measured: PointMeasurement, ends: Sequence[PointMeasurement]) -> float:
    """Bytes a request of the site that is followed, as the trace saw them.

    A file may have another name in another release: where the site keeps nothing, what new sites
    of the same package keep is taken for it.
    """
    followed_bytes = bytes_by_site(measured).get(leak.site, 0.0)
    if followed_bytes >= middle(leak) or leak.site == NATIVE:
        return followed_bytes
    end_sites = {site for end in ends for site in end.sites}
    new = sum(
        size
        for site, size in measured.sites.items()
        if site not in end_sites and package_of(site) == package_of(leak.site)
    )
    return followed_bytes + new


def package_of(site: str) -> str:
    """The top folder of a site in a package; the site itself for a file of the app."""
    return site.partition("/")[0]


def middle(leak: Leak) -> float:
    return (leak.good_bytes + leak.bad_bytes) / 2


def chance_of(leak: Leak, size_bytes: float, error_bytes: float) -> float:
    """The probability that a point which keeps so much a request has the leak.

    The error is an estimate from a few blocks, so its tails are Student's; the less certain of
    what it and the spread say counts.
    """
    away = size_bytes - middle(leak)
    by_spread = normal(away / (SPREAD * (leak.bad_bytes - leak.good_bytes)))
    by_error = student(away / error_bytes) if error_bytes > 0 else by_spread
    return min(by_spread, by_error, key=lambda chance: abs(chance - 0.5))


def normal(deviation: float) -> float:
    """The normal distribution function."""
    return 0.5 * (1 + math.erf(deviation / math.sqrt(2)))


def student(deviation: float) -> float:
    """Student's distribution function for the five degrees of freedom of six blocks."""
    angle = math.atan(deviation / math.sqrt(5))
    bow = math.sin(angle) * (math.cos(angle) + 2 / 3 * math.cos(angle) ** 3)
    return 0.5 + (angle + bow) / math.pi
