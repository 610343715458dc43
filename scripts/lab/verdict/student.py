"""The quantile of Student's t that a 95 % interval needs, by degrees of freedom. Pure.

The probability between -t and t is a finite sum for whole degrees of freedom (Abramowitz and
Stegun 26.7.3 and 26.7.4), so this one number needs no library.
"""

from functools import lru_cache
from math import atan, cos, exp, fsum, lgamma, log1p, pi, sin, sqrt

CONFIDENCE = 0.95
NORMAL_QUANTILE = 1.959963984540054
"""The quantile of the normal distribution, the lower bound of Student's."""
PRECISION = 1e-14
"""Relative change of the quantile at which Newton's method has ended."""
MOST_NEWTON_STEPS = 50


@lru_cache(maxsize=256)
def quantile(degrees: int) -> float:
    """How many standard errors half of the 95 % interval is.

    The probability is concave, so Newton's method approaches the quantile from below.

    Raises:
        ValueError: fewer than one degree of freedom.
    """
    if degrees < 1:
        raise ValueError(f"no interval has {degrees} degrees of freedom")
    estimate = NORMAL_QUANTILE
    for _ in range(MOST_NEWTON_STEPS):
        step = (CONFIDENCE - central_probability(estimate, degrees)) / (
            2 * density(estimate, degrees)
        )
        estimate += step
        if abs(step) <= PRECISION * estimate:
            break
    return estimate


def central_probability(t: float, degrees: int) -> float:
    """The probability of a value between -t and t."""
    angle = atan(t / sqrt(degrees))
    odd, square = degrees % 2, cos(angle) ** 2
    term = cos(angle) if odd else 1.0
    terms = []
    for order in range(2 + odd, degrees + 1, 2):
        terms.append(term)
        term *= square * (order - 1) / order
    series = sin(angle) * fsum(terms)
    return 2 / pi * (angle + series) if odd else series


def density(t: float, degrees: int) -> float:
    """The probability density at t."""
    scale = lgamma((degrees + 1) / 2) - lgamma(degrees / 2)
    return exp(scale - (degrees + 1) / 2 * log1p(t * t / degrees)) / sqrt(degrees * pi)
