"""Numbers of records with the least value that they may have; the codec refuses less."""

from dataclasses import dataclass
from typing import Annotated

LARGEST = 10**15
"""The largest number that is read, be it bytes, seconds or requests: a petabyte. A sum of
thousands of such numbers is still exact."""


@dataclass(frozen=True, slots=True)
class AtLeast:
    """The least value of a field, as metadata of its type."""

    least: int


Count = Annotated[int, AtLeast(0)]
Positive = Annotated[int, AtLeast(1)]
Bytes = Annotated[int, AtLeast(0)]
Seconds = Annotated[float, AtLeast(0)]
