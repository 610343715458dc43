"""The fields of a page's forms: what a browser sends back with a form, such as a CSRF token."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

from lab.units import KIB

MOST_PAGE_BYTES = 256 * KIB
MOST_FIELDS, MOST_VALUE = 200, 8192
"""The most fields of a stranger's page, and the most characters of one value."""


@dataclass(frozen=True, slots=True)
class Page:
    """Names with their values; the first of a name counts."""

    hidden: Mapping[str, str] = field(default_factory=dict)
    """Fields that no one sees, which go along with what is typed."""
    named: Mapping[str, str] = field(default_factory=dict)
    """All fields, and what the page says of itself in `meta`."""


class FieldReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.hidden: dict[str, str] = {}
        self.named: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in reversed(attrs)}
        name, value = values.get("name", ""), values.get("value", "")
        if tag == "meta":
            value = values.get("content", "")
        is_kept = tag in ("input", "meta") and name and len(name) + len(value) <= MOST_VALUE
        if not is_kept or len(self.named) >= MOST_FIELDS:
            return
        self.named.setdefault(name, value)
        if tag == "input" and values.get("type", "").lower() == "hidden":
            self.hidden.setdefault(name, value)


def page_of(body: bytes) -> Page:
    """The fields of a page; none where it is not HTML."""
    fields = FieldReader()
    # What Python's parser cannot make sense of, it asserts, and a character's number is read as one
    # however long it is; what came before it counts.
    with contextlib.suppress(AssertionError, ValueError):
        fields.feed(body[:MOST_PAGE_BYTES].decode(errors="replace"))
    return Page(fields.hidden, fields.named)
