"""What the value of a setting may be: a text is parsed, or refused with what is allowed."""

import math
import re
from dataclasses import dataclass
from typing import Protocol, TypeVar

from lab.units import GIB, KIB, MIB

SIZE_UNITS = {"": 1, "b": 1, "k": KIB, "m": MIB, "g": GIB}
SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([bkmg]?)(?:i?b)?", re.IGNORECASE)
WHOLE_NUMBER = re.compile(r"[0-9]{1,12}")
AUTO = "auto"
T_co = TypeVar("T_co", covariant=True)


class SettingKind(Protocol[T_co]):
    """A kind of value."""

    @property
    def allowed(self) -> str:
        """What may be given, behind `allowed is`."""

    def parse(self, text: str) -> T_co:
        """The value of a text.

        Raises:
            ValueError: the text is not such a value; says what is allowed.
        """


SECONDS_OF = {"": 1, "s": 1, "m": 60, "h": 3600}


def parse_size(text: str) -> int:
    """Bytes of a size such as `512m`, `4g`, `4GiB` (1024-based, as Docker reads them).

    Raises:
        ValueError: it is not a size.
    """
    match = SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    size = float(match[1]) * SIZE_UNITS[match[2].lower()]
    if not math.isfinite(size):
        raise ValueError(text)
    return int(size)


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text, which spaces or commas separate."""
    return tuple(filter(None, re.split(r"[\s,]+", text)))


@dataclass(frozen=True, slots=True)
class WholeNumber:
    """A number within bounds, both of them allowed."""

    low: int
    high: int

    @property
    def allowed(self) -> str:
        return f"a whole number from {self.low} to {self.high}"

    def parse(self, text: str) -> int:
        if not WHOLE_NUMBER.fullmatch(text) or not self.low <= int(text) <= self.high:
            raise ValueError(self.allowed)
        return int(text)


@dataclass(frozen=True, slots=True)
class WholeNumberOrAuto:
    """A number within bounds, or what the lab finds best: None."""

    low: int
    high: int

    @property
    def allowed(self) -> str:
        return f"{AUTO} or {WholeNumber(self.low, self.high).allowed}"

    def parse(self, text: str) -> int | None:
        if text == AUTO:
            return None
        try:
            return WholeNumber(self.low, self.high).parse(text)
        except ValueError:
            raise ValueError(self.allowed) from None


@dataclass(frozen=True, slots=True)
class SizeOrAuto:
    """A size in bytes, or what the lab finds best: None."""

    smallest_bytes: int

    @property
    def allowed(self) -> str:
        return f"{AUTO} or a size of at least {self.smallest_bytes // MIB}m, such as 8g"

    def parse(self, text: str) -> int | None:
        if text == AUTO:
            return None
        try:
            size_bytes = parse_size(text)
        except ValueError:
            size_bytes = 0
        if size_bytes < self.smallest_bytes:
            raise ValueError(self.allowed)
        return size_bytes


@dataclass(frozen=True, slots=True)
class Duration:
    """A time in seconds."""

    least_seconds: int

    @property
    def allowed(self) -> str:
        return f"a time of at least {self.least_seconds}s, such as 90s, 10m or 1h"

    def parse(self, text: str) -> int:
        match = re.fullmatch(r"([1-9][0-9]{0,5})([smh]?)", text)
        seconds = int(match[1]) * SECONDS_OF[match[2]] if match else 0
        if seconds < self.least_seconds:
            raise ValueError(self.allowed)
        return seconds


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of a few words."""

    words: tuple[str, ...]

    @property
    def allowed(self) -> str:
        return "one of " + ", ".join(self.words)

    def parse(self, text: str) -> str:
        if text not in self.words:
            raise ValueError(self.allowed)
        return text


@dataclass(frozen=True, slots=True)
class OneOfOrHost:
    """One of a few numbers, or what the host has: None."""

    numbers: tuple[int, ...]

    @property
    def allowed(self) -> str:
        return "host or one of " + ", ".join(map(str, self.numbers))

    def parse(self, text: str) -> int | None:
        if text == "host":
            return None
        if text not in map(str, self.numbers):
            raise ValueError(self.allowed)
        return int(text)


@dataclass(frozen=True, slots=True)
class Switch:
    """1 or 0."""

    @property
    def allowed(self) -> str:
        return "one of 0, 1"

    def parse(self, text: str) -> bool:
        return OneOf(("0", "1")).parse(text) == "1"


@dataclass(frozen=True, slots=True)
class SomeOf:
    """Some of a few words, or none."""

    words: tuple[str, ...]

    @property
    def allowed(self) -> str:
        return f"{' and '.join(self.words)}, separated by spaces or commas"

    def parse(self, text: str) -> tuple[str, ...]:
        words = words_of(text)
        if not set(words) <= set(self.words):
            raise ValueError(self.allowed)
        return words


@dataclass(frozen=True, slots=True)
class Globs:
    """Globs over names; at least one."""

    @property
    def allowed(self) -> str:
        return "globs, separated by spaces or commas"

    def parse(self, text: str) -> tuple[str, ...]:
        return words_of(text) or ("*",)


@dataclass(frozen=True, slots=True)
class Text:
    """A text of a pattern."""

    allowed: str
    pattern: str = r".*"

    def parse(self, text: str) -> str:
        if not re.fullmatch(self.pattern, text, re.DOTALL):
            raise ValueError(self.allowed)
        return text
