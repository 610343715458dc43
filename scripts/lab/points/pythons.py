"""Interpreters as points."""

import re

from lab.errors import UsageError
from lab.records.bisection import Point

RANGE = re.compile(r"3\.(\d{1,2})(?:\.\.3\.(\d{1,2}))?")
OLDEST_MINOR, NEWEST_MINOR = 7, 20


def pythons(text: str) -> tuple[Point, ...]:
    """The minor versions that a range such as `3.7..3.14` names.

    Raises:
        UsageError: it is not a range of two or more.
    """
    match = RANGE.fullmatch(text.strip())
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not OLDEST_MINOR <= first < last <= NEWEST_MINOR:
        raise UsageError(f"PYTHON={text!r} cannot be used: allowed is a range such as 3.7..3.14")
    return tuple(
        Point(f"3.{minor}", link=f"https://docs.python.org/3/whatsnew/3.{minor}.html")
        for minor in range(first, last + 1)
    )
