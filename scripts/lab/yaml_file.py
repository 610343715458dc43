"""A YAML file as plain Python, by libyaml where PyYAML was built with it: a tenth of the time."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import ConstructorError

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path) -> Any:
    """The document of the file; no tag of it runs code.

    Raises:
        OSError: the file cannot be read.
        yaml.YAMLError: as of `parse_yaml`.
    """
    return parse_yaml(path.read_text(encoding="utf-8"))


def parse_yaml(text: str) -> Any:
    """The document of a text; no tag of it runs code.

    Raises:
        yaml.YAMLError: the text is not YAML, or has a duplicate key: PyYAML would take the last
            value, and Compose refuses the file.
    """
    loader = LOADER(text)
    try:
        root = loader.get_single_node()
        for key in duplicate_keys(root, set()):
            raise ConstructorError(
                problem=f"{key.value} is a duplicate key", problem_mark=key.start_mark
            )
        return None if root is None else loader.construct_document(root)
    finally:
        loader.dispose()


def duplicate_keys(node: Any, seen: set[int]) -> Iterator[Any]:
    """Keys that their mapping already has; a node that several aliases refer to counts once."""
    if id(node) in seen or not isinstance(node, yaml.CollectionNode):
        return
    seen.add(id(node))
    if not isinstance(node, yaml.MappingNode):
        for item in node.value:
            yield from duplicate_keys(item, seen)
        return
    had: set[tuple[str, str]] = set()
    for key, value in node.value:
        # Python has no key that is not a scalar: the loader refuses it.
        if isinstance(key, yaml.ScalarNode):
            if (key.tag, key.value) in had:
                yield key
            had.add((key.tag, key.value))
        yield from duplicate_keys(value, seen)
