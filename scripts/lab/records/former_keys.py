"""Keys of JSON that older files have in place of a field's name; they are still read."""

import dataclasses
from collections.abc import Mapping
from typing import Any

FORMER_KEY = "former key"


def formerly(key: str) -> Mapping[str, str]:
    """The metadata of a record's field whose key was another."""
    return {FORMER_KEY: key}


def names_by_key(record: Any) -> Mapping[str, str]:
    """The name of each field of a record, by its key and by the key that it had before."""
    fields = dataclasses.fields(record)
    former = {each.metadata[FORMER_KEY]: each.name for each in fields if each.metadata}
    return {**former, **{each.name: each.name for each in fields}}
