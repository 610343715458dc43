"""The keys of lab.toml as tables: for docs/lab-toml.md and for the terminal."""

from collections.abc import Iterator
from typing import Any

from lab.app.key import Key
from lab.app.request_keys import LOGIN, LOGIN_KEYS, REQUEST_KEYS, REQUESTS
from lab.app.spec_keys import APP_KEYS, BUNDLE, BUNDLE_KEYS
from lab.settings.table import indented

HEADING = "| key | default | example | what | allowed |"


def all_keys() -> Iterator[tuple[str, Key[Any]]]:
    """Every key, each with what stands before its name."""
    yield from (("", key) for key in APP_KEYS)
    yield from ((f"[[{REQUESTS}]] ", key) for key in REQUEST_KEYS)
    yield from ((f"[{LOGIN}] ", key) for key in LOGIN_KEYS)
    yield from ((f"[{BUNDLE}] ", key) for key in BUNDLE_KEYS)


def keys_markdown() -> str:
    """The table of docs/lab-toml.md."""
    rows = [HEADING, "|---|---|---|---|---|"]
    for prefix, key in all_keys():
        example = f"`{key.name} = {key.example}`"
        cells = (f"`{prefix}{key.name}`", key.default_text, example, key.meaning, key.kind.allowed)
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def keys_text() -> str:
    """A few lines a key."""
    lines: list[str] = []
    for prefix, key in all_keys():
        lines.append(f"{prefix}{key.name} = {key.example}")
        rest = f"{key.meaning}; allowed: {key.kind.allowed}; default: {key.default_text}"
        text = rest.replace("`", "")
        lines += indented(text)
    return "\n".join(lines) + "\n"
