"""The newest Python that a project's pinned packages run on, or have wheels for."""

import re
from collections.abc import Iterable, Mapping

from lab.app.guess.locks import name_in

ReleaseNumbers = tuple[int, ...]
LIMITS: Mapping[str, tuple[tuple[ReleaseNumbers, int], ...]] = {
    "django": (((2, 2), 7), ((3, 2), 9), ((4, 1), 10), ((4, 2), 11)),
    "numpy": (((1, 19, 3), 8), ((1, 21, 2), 9), ((1, 23, 2), 10), ((1, 26), 11)),
    "pandas": (((1, 1, 3), 8), ((1, 3, 3), 9), ((1, 5), 10), ((2, 1, 1), 11)),
    "psycopg2-binary": (((2, 8, 6), 8), ((2, 9, 2), 9), ((2, 9, 5), 10), ((2, 9, 9), 11)),
    "aiohttp": (((3, 7, 3), 8), ((3, 8), 9), ((3, 8, 3), 10), ((3, 9), 11)),
    "asyncpg": (((0, 22), 8), ((0, 25), 9), ((0, 27), 10), ((0, 29), 11)),
    "greenlet": (((0, 4, 17), 8), ((1, 1, 2), 9), ((2, 0), 10), ((3, 0), 11)),
    "gevent": (((20, 9), 8), ((21, 8), 9), ((22, 10), 10), ((23, 9), 11)),
    "uvloop": (((0, 15), 8), ((0, 16), 9), ((0, 17), 10), ((0, 19), 11)),
    "httptools": (((0, 2), 8), ((0, 3), 9), ((0, 5), 10), ((0, 6, 1), 11)),
    "pillow": (((8, 0), 8), ((8, 4), 9), ((9, 3), 10), ((10, 1), 11)),
    "lxml": (((4, 6, 1), 8), ((4, 6, 4), 9), ((4, 9, 2), 10), ((4, 9, 3), 11)),
    "cffi": (((1, 14, 3), 8), ((1, 15), 9), ((1, 15, 1), 10), ((1, 16), 11)),
    "pyyaml": (((5, 4), 8), ((6, 0), 9), ((6, 0, 1), 11)),
    "orjson": (((3, 4, 1), 8), ((3, 6, 5), 9), ((3, 8, 2), 10), ((3, 9, 8), 11)),
    "frozenlist": (((1, 2), 9), ((1, 3, 2), 10), ((1, 4, 1), 11)),
    "multidict": (((5, 0, 2), 8), ((5, 2), 9), ((6, 0, 3), 10), ((6, 0, 5), 11)),
    "yarl": (((1, 6, 1), 8), ((1, 7), 9), ((1, 8, 2), 10), ((1, 9, 3), 11)),
    "pydantic": (((1, 9), 9), ((1, 10), 10), ((1, 10, 13), 11)),
    "pydantic-core": (((2, 6), 11), ((2, 20), 12)),
    "markupsafe": (((1, 1), 8), ((2, 0), 9), ((2, 1), 10), ((2, 1, 2), 11)),
    "sqlalchemy": (((1, 3), 8), ((1, 4), 9), ((1, 4, 36), 10), ((2, 0), 11)),
    "flask": (((1, 1, 3), 9),),
    "jinja2": (((2, 11), 9),),
    "werkzeug": (((1, 0), 9),),
    "tornado": (((6, 0), 9), ((6, 2), 10)),
    "six": (((1, 16), 11),),
    "pathtools": (((1, 0), 11),),
    "watchdog": (((0, 10), 9), ((1, 0), 11)),
    "scikit-learn": (((0, 22), 8), ((0, 24), 9), ((1, 1), 10), ((1, 3, 1), 11)),
    "scipy": (((1, 5, 4), 8), ((1, 7, 2), 9), ((1, 9, 2), 10), ((1, 11, 2), 11)),
}
"""Limits by package: of releases below the first, the newest minor version of CPython 3."""
PINNED = re.compile(r"\s*[\w.-]+\s*(?:\[[^\]]*\])?\s*(?:===?|~=)\s*(\d{1,9}(?:\.\d{1,9})*)")


def newest_minor(lines: Iterable[str]) -> tuple[int, str] | None:
    """The newest minor version that all pins run on, and the pin that limits it most."""
    limits = [limit for line in lines if (limit := limit_of(line)) is not None]
    return min(limits, default=None)


def limit_of(line: str) -> tuple[int, str] | None:
    limits = LIMITS.get(name_in(line))
    match = PINNED.match(line)
    if limits is None or match is None:
        return None
    release = tuple(int(part) for part in match[1].split("."))
    whole = match[0].strip()
    return next(((minor, whole) for below, minor in limits if release < below), None)
