"""Text from outside, written so that Markdown shows it as it is."""

import re
from collections.abc import Sequence
from functools import lru_cache

from lab.text.phrases import clipped, printable

_MARK = re.compile(r"[\\`*\[\]<>|~$&]")
_UNDERLINE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
"""One that is no part of a word, where Markdown could see emphasis."""
_BLOCK_START = re.compile(r"(\d*)(#{1,6}|[-+=]+|(?<=\d)[.)])(?=\s|$)")
"""What would begin a heading, a list, a rule or the underline of a heading."""


def markdown_text(value: object, most: int | None = None) -> str:
    """Text on one line that Markdown shows as it is, in a table cell too."""
    return _escaped(clipped(printable(str(value)), most))


@lru_cache(maxsize=4096)
def _escaped(line: str) -> str:
    """The line with its marks hidden; a report is rendered until it is short enough."""
    escaped = _UNDERLINE.sub(r"\\_", _MARK.sub(r"\\\g<0>", line))
    begun = _BLOCK_START.match(escaped)
    return f"{begun[1]}\\{escaped[begun.end(1) :]}" if begun else escaped


def markdown_code(value: object, most: int | None = None) -> str:
    """A code span whose ticks are longer than any inside, fit for a table cell."""
    line = clipped(printable(str(value)), most)
    if "\\|" in line:
        # A table would read the backslash that hides a bar as hidden itself, and end the cell.
        return markdown_text(line)
    line = line.replace("|", "\\|")
    ticks = "`" * (_longest_ticks(line) + 1)
    padding = " " if "`" in line else ""
    return f"{ticks}{padding}{line}{padding}{ticks}" if line else ""


def markdown_fence(lines: Sequence[str], most: int | None = None, width: int | None = None) -> str:
    """The last lines as a fenced block that nothing inside can close."""
    shown = [printable(line).replace("\n", " ")[:width] for line in lines[-most if most else 0 :]]
    return fenced("\n".join(shown), "text")


def fenced(text: str, language: str) -> str:
    """A block that nothing inside can close."""
    ticks = "`" * max(3, _longest_ticks(text) + 1)
    return f"{ticks}{language}\n{text}\n{ticks}"


def _longest_ticks(text: str) -> int:
    return max(map(len, re.findall(r"`+", text)), default=0)
