"""A YAML file as plain Python, by libyaml where PyYAML was built with it: a tenth of the time."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import ConstructorError

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path) -> Any:
    """The document of the file; nothing of it is run.

    Raises:
        OSError: it cannot be read.
        yaml.YAMLError: it is no YAML, or has a key twice, of which PyYAML would take the last and
            Compose refuses the file.
    """
    loader = LOADER(path.read_text(encoding="utf-8"))
    try:
        root = loader.get_single_node()
        for key in twice(root, set()):
            raise ConstructorError(
                problem=f"{key.value} is there twice", problem_mark=key.start_mark
            )
        return None if root is None else loader.construct_document(root)
    finally:
        loader.dispose()


def twice(node: Any, seen: set[int]) -> Iterator[Any]:
    """Keys that their mapping has had before; a node that several refer to is looked at once."""
    if id(node) in seen or not isinstance(node, yaml.CollectionNode):
        return
    seen.add(id(node))
    if not isinstance(node, yaml.MappingNode):
        for item in node.value:
            yield from twice(item, seen)
        return
    had: set[tuple[str, str]] = set()
    for key, value in node.value:
        # Of another kind than a scalar it can be no key in Python: the loader says so.
        if isinstance(key, yaml.ScalarNode):
            if (key.tag, key.value) in had:
                yield key
            had.add((key.tag, key.value))
        yield from twice(value, seen)
