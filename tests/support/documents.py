"""The documents as text, and what their Markdown says."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from lab.text.phrases import MINUS
from support.paths import ROOT

DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in DOCUMENTS}
"""The text of each page by its name without an ending: `README`, `method`, ..."""


def prose(text: str) -> Iterator[tuple[int, str]]:
    """Numbered lines that are neither a table's nor code."""
    is_code = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            is_code = not is_code
        elif not is_code and not line.startswith("|"):
            yield number, line


def heading_anchors(text: str) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    titles = (line.lstrip("#").strip() for _, line in prose(text) if line.startswith("#"))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def links(path: Path) -> list[str]:
    """Every target of a link or picture that is not on another host."""
    targets = re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8"))
    return [target for target in targets if not target.startswith(("http:", "https:"))]


def rows(text: str, first: str) -> list[list[str]]:
    """The cells of each row of a table, found by the beginning of its heading line."""
    lines = iter(text[text.index(first) :].splitlines())
    found = []
    for line in lines:
        if not line.startswith("|"):
            break
        found.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return found[2:]


def unquoted(cell: str) -> str:
    """A cell without its backticks."""
    return cell.strip("`")


def range_text(texts: Sequence[str]) -> str:
    """One figure, or the least and the greatest as `4.9 to 5.2`."""
    ends = min(texts, key=plain_number), max(texts, key=plain_number)
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"


def plain_number(text: str) -> float:
    return float(text.replace(",", "").replace(MINUS, "-"))
