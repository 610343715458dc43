"""A Compose file's text, as a stranger may have written it, to plain Python."""

import importlib
import re
from collections.abc import Mapping
from typing import Any

MOST_COMPOSE_CHARACTERS = 1 << 18
"""PyYAML alone, without libyaml, takes seconds for so many."""
MOST_BRACKETS = 2_000
"""The most lists and tables in lines of a Compose file; its reader is slow in deep ones."""
MOST_NODES, MOST_EXPANDED = 20_000, 1 << 20
"""Parts of a document and their characters, each counted wherever an alias stands for it."""
MOST_INTERPOLATED_CHARACTERS = 100_000
"""Characters of one interpolated text."""
TABLE, LIST, TEXT = "a table", "a list", "a text"
KINDS: Mapping[type, str] = {dict: TABLE, list: LIST, str: TEXT}
SHAPES: Mapping[str, tuple[str, ...]] = {
    "depends_on": (LIST, TABLE),
    "env_file": (TEXT, LIST, TABLE),
    "links": (LIST,),
    "secrets": (LIST,),
    "tmpfs": (TEXT, LIST),
}
"""What each key of a service may be, of those that are gone through."""
VARIABLE = re.compile(
    r"\$(?:(?P<dollar>\$)|(?P<name>\w+)|\{(?P<braced>\w+)(?:(?P<how>:?[-+?])(?P<other>[^{}]*))?\})",
    re.ASCII,
)


class NoReader(Exception):
    """This Python has no reader of YAML."""


def parsed(text: str) -> Mapping[str, Any]:
    """The document of a Compose file.

    Raises:
        ValueError: it is not a Compose file, or too large when each alias is followed; says why.
        NoReader: nothing here reads YAML.
    """
    if len(text) > MOST_COMPOSE_CHARACTERS:
        raise ValueError(f"it has more than {MOST_COMPOSE_CHARACTERS:,} characters")
    if text.count("[") + text.count("{") > MOST_BRACKETS:
        raise ValueError("it has too many brackets")
    try:
        yaml = importlib.import_module("yaml")
    except ImportError:
        raise NoReader from None
    try:
        document = loaded(text, yaml)
    except (yaml.YAMLError, RecursionError, OverflowError, *FAULTS_OF_TAGS) as error:
        raise ValueError(" ".join(str(error).split())[:200] or "it is not YAML") from None
    if not isinstance(document, Mapping):
        raise ValueError("it is not a table of services")
    whole: Mapping[str, Any] = {"services": document} if is_of_first_form(document) else document
    check_shapes(whole)
    return whole


def is_of_first_form(document: Mapping[Any, Any]) -> bool:
    """Whether the file has its services at the top, as the first form of such files had them."""
    tables = [each for each in document.values() if isinstance(each, Mapping)]
    starts = all("image" in each or "build" in each for each in tables)
    return bool(tables) and starts and len(tables) == len(document)


FAULTS_OF_TAGS = (ValueError, KeyError, IndexError, AttributeError, TypeError)
"""What the reader raises for a tag whose text is another one's, such as `!!bool x`."""


def loaded(text: str, yaml: Any) -> Any:
    """The document, which is built only when it is not too large: merging multiplies, too."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    try:
        root = loader.get_single_node()
        if root is None:
            return None
        check_size(root)
        return loader.construct_document(root)
    finally:
        loader.dispose()


def check_size(root: Any) -> None:
    """Raise ValueError for more parts or characters than are read, aliases followed."""
    todo, parts, characters = [root], 0, 0
    while todo:
        value = todo.pop().value
        if isinstance(value, str):
            characters += len(value)
        else:
            todo += [each for pair in value for each in (pair if type(pair) is tuple else (pair,))]
        parts += 1
        if parts + len(todo) > MOST_NODES or characters > MOST_EXPANDED:
            raise ValueError("it is too large, with its aliases followed")


def check_shapes(document: Mapping[str, Any]) -> None:
    """Raise ValueError for a value that is gone through and is of another kind."""
    check_shape("secrets", document.get("secrets"), (TABLE,))
    services = document.get("services")
    for name, service in services.items() if isinstance(services, Mapping) else ():
        for key, kinds in SHAPES.items() if isinstance(service, Mapping) else ():
            check_shape(f"{name}.{key}", service.get(key), kinds)


def check_shape(name: str, value: Any, kinds: tuple[str, ...]) -> None:
    if value is not None and KINDS.get(type(value)) not in kinds:
        raise ValueError(f"{name} is {str(value)[:40]!r}: {' or '.join(kinds)} is expected")


def interpolated(text: str, values: Mapping[str, str]) -> str:
    """A text with its variables replaced as Compose does it; one that is not set is empty.

    Raises:
        ValueError: a variable must be set and is not, or the text is longer than is read.
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

    pieces, end, left = list[str](), 0, MOST_INTERPOLATED_CHARACTERS
    for match in VARIABLE.finditer(text):
        pieces += text[end : match.start()], replacement(match)
        end, left = match.end(), left - len(pieces[-2]) - len(pieces[-1])
        if left < 0:
            break
    if left < len(text) - end:
        raise ValueError(
            f"a text has more than {MOST_INTERPOLATED_CHARACTERS:,} characters, with its variables"
        )
    return "".join((*pieces, text[end:]))


class Interpolation:
    """Replaces the variables in all texts of a document, up to a length of all together."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values, self.left = values, MOST_EXPANDED

    def __call__(self, text: str) -> str:
        """The text as `interpolated`; raises ValueError as that, and where all are too long."""
        whole = interpolated(text, self.values) if "$" in text else text
        if "\0" in whole:
            raise ValueError("a text in it has a zero byte, which no program can be given")
        self.left -= len(whole)
        if self.left < 0:
            raise ValueError("it is too large, with its variables")
        return whole


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
