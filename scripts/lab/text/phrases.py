"""Numbers, sizes, durations and lists in words; what is not known is a dash, never 0.

A size has at most three significant figures below 1,000 of its unit; above, whole units.
"""

import math
import re
from collections.abc import Iterable, Sequence

from lab.units import KIB, MIB

DASH = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"

WHOLE_FROM = 99.95
"""From here on a number with one decimal would have four significant figures."""
HUNDREDTHS_BELOW = 9.995
"""Below it a number of MiB has a third significant figure, as one of KiB would."""

Fact = str | int | float | None

_ESCAPE_SEQUENCE = re.compile("\x1b\\[[0-?]*[ -/]*[@-~]|\x1b[\\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\\\)")
UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)
"""Control and format characters, direction overrides, lone surrogates; not newline and tab."""


def printable(text: str) -> str:
    """The text without escape sequences, control characters and direction overrides."""
    if text.isprintable():  # a line is, but for one in some thousands
        return text
    return UNPRINTABLE.sub("", _ESCAPE_SEQUENCE.sub("", text))


def as_number(value: Fact) -> float | None:
    """The value when it is a number."""
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def number(value: float | None, digits: int = 0) -> str:
    """A number with thousands separated and that many decimals, or a dash."""
    if value is None or not math.isfinite(value):
        return DASH
    text = f"{value:,.{digits}f}"
    if not text.strip("-0.,"):
        return text.lstrip("-")
    return text.replace("-", MINUS)


def signed_number(value: float | None, digits: int = 0) -> str:
    """Like `number`, with a plus before what is gained."""
    return _signed(number(value, digits), value)


def _signed(text: str, value: float | None) -> str:
    gained = value is not None and value > 0 and text.strip(f"0.{DASH}")
    return f"+{text}" if gained else text


def short_number(value: float | None) -> str:
    """A number with one decimal below 100 and none from there on, or a dash."""
    return number(value, 0 if value is not None and abs(value) >= WHOLE_FROM else 1)


def mib(size_bytes: float | None) -> str:
    """Bytes as a number of MiB, without the unit: `1,220`, `15.3`, `0.4`."""
    return short_number(None if size_bytes is None else size_bytes / MIB)


def signed_mib(size_bytes: float | None) -> str:
    """Like `mib`, with a plus before what is gained."""
    return _signed(mib(size_bytes), size_bytes)


def in_mib(size_bytes: float | None, signed: bool = False) -> str:
    """Memory in MiB with the unit: `1,220 MiB`, `15.3 MiB`, signed `+0.4 MiB`."""
    text = signed_mib(size_bytes) if signed else mib(size_bytes)
    return text if text == DASH else f"{text} MiB"


def size(size_bytes: float | None) -> str:
    """Bytes in the unit that suits them: `12 B`, `2.0 KiB`, `266 KiB`, `1.05 MiB`, `500 MiB`."""
    if size_bytes is None or not math.isfinite(size_bytes):
        return DASH
    factor, unit = size_unit(size_bytes)
    scaled = size_bytes / factor
    if factor == 1:
        return f"{number(scaled)} {unit}"
    fine = factor == MIB and abs(scaled) < HUNDREDTHS_BELOW
    return f"{number(scaled, 2) if fine else short_number(scaled)} {unit}"


def size_unit(size_bytes: float) -> tuple[int, str]:
    """How many bytes the unit that suits has, and its name; a rounded value is below 1,024."""
    magnitude = abs(size_bytes)
    if round(magnitude) < KIB:
        return 1, "B"
    return (KIB, "KiB") if round(magnitude / KIB) < KIB else (MIB, "MiB")


def duration(seconds: float | None) -> str:
    """Seconds as `48 s` or `3 min 20 s`."""
    if seconds is None or not math.isfinite(seconds):
        return DASH
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def short_duration(seconds: float | None) -> str:
    """Seconds as `820 ms`, `1.3 s` or `117 s`."""
    if seconds is None or not math.isfinite(seconds):
        return DASH
    if round(abs(seconds) * 1000) < 1000:
        return f"{number(seconds * 1000)} ms"
    return f"{short_number(seconds)} s"


def share(part: float | None) -> str:
    """A share of 1 as a percentage without decimals."""
    return DASH if part is None else f"{number(100 * part)}%"


def span(texts: Iterable[str], unit: str = "") -> str:
    """The first and last of ordered texts as `a to b`, or one when they are the same."""
    ordered = list(texts)
    ends = list(dict.fromkeys((ordered[0], ordered[-1]))) if ordered else [DASH]
    return " to ".join(ends) + (f" {unit}" if unit else "")


def mib_span(sizes_bytes: Iterable[float], signed: bool = False) -> str:
    """The range of some byte counts in MiB, with the unit."""
    show = signed_mib if signed else mib
    return span((show(each) for each in sorted(sizes_bytes)), "MiB")


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


def they_were(count: int, noun: str) -> str:
    """`1 process was`, `3 processes were`: a subject with its verb; `noun` is the singular."""
    plural = f"{noun}{'es' if noun.endswith('s') else 's'}"
    return f"{count:,} {noun} was" if count == 1 else f"{count:,} {plural} were"


LOWER_CASE_NAMES = (
    *("asyncio", "glibc", "gunicorn", "jemalloc", "memray", "mimalloc"),
    *("tracemalloc", "uvicorn", "uvloop"),
)
"""Names of programs and libraries that no sentence writes with a capital."""


def capital(text: str) -> str:
    """The text with a capital first, unless it begins with a name such as `py37-flask`."""
    first = text.split(maxsplit=1)[0].rstrip(",;:") if text.strip() else ""
    is_word = first.isalpha() and first.islower() and first not in LOWER_CASE_NAMES
    return text[0].upper() + text[1:] if is_word else text


def more_or_fewer(count: int, noun: str) -> str:
    """`3,039 more Python blocks`, `12 fewer Python blocks`; `noun` is the plural."""
    return f"{number(abs(count))} {'fewer' if count < 0 else 'more'} {noun}"


def sentence(text: str) -> str:
    """The text with a capital first and a full stop last; a name in front stays as it is."""
    return stopped(capital(text.strip()))


def stopped(text: str) -> str:
    """The text with a full stop last, and its first letter as it is, such as that of code."""
    line = text.strip()
    if not any(map(str.isalnum, line)):
        return line
    return line if line.endswith((".", "!", "?", "…")) else f"{line}."


def clipped(text: str, most: int | None) -> str:
    """The text on one line, cut with an ellipsis when it is longer than `most`."""
    line = " ".join(text.split())
    return line if most is None or len(line) <= most else line[: most - 1].rstrip() + "…"
