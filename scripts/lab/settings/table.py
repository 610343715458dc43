"""The settings as tables: for docs/settings.md and for the terminal."""

import textwrap
from collections.abc import Iterator
from typing import Any

from lab.settings.declared import SETTINGS
from lab.settings.setting import Setting

NONE = "none"
HEADING = "| name | default | what | allowed | example | used by `make` |"
INDENT = " " * 4
TABLE_WIDTH = 96


def code(text: str) -> str:
    return f"`{text}`"


def settings_markdown() -> str:
    """The table of docs/settings.md."""
    rows = [HEADING, "|---|---|---|---|---|---|"]
    for setting in SETTINGS:
        cells = (
            code(setting.name),
            code(setting.default) if setting.default else NONE,
            setting.meaning,
            setting.kind.allowed,
            code(f"{setting.name}={setting.example}"),
            ", ".join(setting.targets),
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def settings_text() -> str:
    """A few lines a setting."""
    return "\n".join(line for setting in SETTINGS for line in lines_of(setting)) + "\n"


def lines_of(setting: Setting[Any]) -> Iterator[str]:
    yield f"{setting.name}={setting.example}"
    texts = (
        setting.meaning.replace("`", ""),
        f"allowed: {setting.kind.allowed}; default: {setting.default or NONE}",
        f"used by: make {', '.join(setting.targets)}",
    )
    for text in texts:
        yield from indented(text)


def indented(text: str) -> list[str]:
    """The text's lines below the name that it belongs to."""
    return textwrap.wrap(text, TABLE_WIDTH, initial_indent=INDENT, subsequent_indent=INDENT)
