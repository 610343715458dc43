"""A Compose file's text, as a stranger may have written it, to plain Python."""

import importlib
import re
from collections.abc import Mapping
from typing import Any

MOST_CHARACTERS = 1 << 18
"""PyYAML alone, without libyaml, takes seconds for so many."""
MOST_BRACKETS = 2_000
"""Of lists and tables in lines of a Compose file; its reader is slow in deep ones."""
MOST_NODES = 20_000
MOST_TEXT = 100_000
"""Characters of one interpolated text."""
VARIABLE = re.compile(
    r"\$(?:(?P<dollar>\$)|(?P<name>\w+)|\{(?P<braced>\w+)(?:(?P<how>:?[-+?])(?P<other>[^{}]*))?\})",
    re.ASCII,
)


class NoReader(Exception):
    """This Python has no reader of YAML."""


def parsed(text: str) -> Mapping[str, Any]:
    """The document of a Compose file.

    Raises:
        ValueError: it is none, or too large when each alias is followed; says why.
        NoReader: nothing here reads YAML.
    """
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"it has more than {MOST_CHARACTERS:,} characters")
    if text.count("[") + text.count("{") > MOST_BRACKETS:
        raise ValueError("it has too many brackets")
    try:
        yaml = importlib.import_module("yaml")
    except ImportError:
        raise NoReader from None
    try:
        document = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ValueError(" ".join(str(error).split())[:200]) from None
    if not isinstance(document, Mapping) or not is_bounded(document):
        raise ValueError("it is not a table of services, or it is too large")
    return document


def is_bounded(document: Any) -> bool:
    """Whether it has at most MOST_NODES parts, each counted wherever an alias stands for it."""
    todo, seen = [document], 0
    while todo and seen <= MOST_NODES:
        node, seen = todo.pop(), seen + 1
        if isinstance(node, Mapping):
            todo += [*node.keys(), *node.values()]
        elif isinstance(node, list | tuple | set):
            todo += node
    return not todo


def interpolated(text: str, values: Mapping[str, str]) -> str:
    """A text with its variables replaced as Compose does it; one that is not set is empty.

    Raises:
        ValueError: a variable must be set and is not.
    """

    def replacement(match: "re.Match[str]") -> str:
        if match["dollar"]:
            return "$"
        name, how, other = match["name"] or match["braced"], match["how"] or "", match["other"]
        value = values.get(name)
        is_set = bool(value) if how.startswith(":") else value is not None
        if how.endswith("+"):
            return (other or "") if is_set else ""
        if is_set:
            return value or ""
        if how.endswith("?"):
            raise ValueError(f"{name} must be set ({other or 'it is required'})")
        return other or ""

    return VARIABLE.sub(replacement, text)[:MOST_TEXT]


def pairs(value: Any) -> dict[str, str]:
    """`NAME: value` lines or `NAME=value` texts; a name alone, which stands for a variable of the
    host, is left out."""
    if isinstance(value, list):
        return dict(each.split("=", 1) for each in map(str, value) if "=" in each)
    if not isinstance(value, Mapping):
        return {}
    return {str(name): spelled(each) for name, each in value.items() if each is not None}


def spelled(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
