"""The report's words for bytes, seconds and lists; None is a dash, never 0."""

import math
import re
from collections.abc import Iterable, Sequence

KIB = 1024
MIB = 1024 * KIB
DASH = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"

Value = str | int | float | None

_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def printable(text: str) -> str:
    """The text without terminal colours, control characters and direction overrides."""
    return _UNPRINTABLE.sub("", _ANSI.sub("", text))


def as_number(value: Value) -> float | None:
    """The value when it is a number."""
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def number(value: float | None, digits: int = 0) -> str:
    """A count with thousands separated, or a dash."""
    if value is None or not math.isfinite(value):
        return DASH
    text = f"{value:,.{digits}f}"
    if not text.strip("-0.,"):
        return text.lstrip("-")
    return text.replace("-", MINUS)


def mib(value: float | None) -> str:
    """Bytes as a number of MiB, without its unit: one decimal below 100."""
    if value is None or not math.isfinite(value):
        return DASH
    return number(value / MIB, 0 if abs(value / MIB) >= 99.95 else 1)


def signed_mib(value: float | None) -> str:
    """Like `mib`, with a plus before what is gained."""
    text = mib(value)
    return f"+{text}" if value and value > 0 and text.strip("0.") else text


def size(value: float | None) -> str:
    """Bytes with the unit that suits them: B, KiB or MiB."""
    if value is None or not math.isfinite(value):
        return DASH
    if abs(value) < KIB:
        return f"{number(value)} B"
    if abs(value) < MIB:
        return f"{number(value / KIB, 1)} KiB"
    return f"{mib(value)} MiB"


def duration(value: float | None) -> str:
    """Seconds as `48 s` or `3 min 20 s`."""
    if value is None or not math.isfinite(value):
        return DASH
    minutes, seconds = divmod(round(value), 60)
    if not minutes:
        return f"{seconds} s"
    return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"


def span(texts: Iterable[str], unit: str = "") -> str:
    """The first and last of ordered texts as `a to b`, or one when they are the same."""
    ordered = list(texts)
    ends = list(dict.fromkeys((ordered[0], ordered[-1]))) if ordered else [DASH]
    return " to ".join(ends) + (f" {unit}" if unit else "")


def mib_span(values: Iterable[float], signed: bool = False) -> str:
    """The range of some byte counts in MiB, with the unit."""
    show = signed_mib if signed else mib
    return span((show(value) for value in sorted(values)), "MiB")


def listed(items: Sequence[str], most: int = 6) -> str:
    """`a, b and c`; past `most` items the rest is counted."""
    shown = list(items)
    if len(items) > most:
        shown = [*items[:most], f"{len(items) - most} more"]
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def counted(count: int, noun: str) -> str:
    """`1 variant`, `12 variants`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def clipped(text: str, most: int | None) -> str:
    """The text on one line, cut with an ellipsis when it is longer than `most`."""
    line = " ".join(text.split())
    return line if most is None or len(line) <= most else line[: most - 1].rstrip() + "…"
