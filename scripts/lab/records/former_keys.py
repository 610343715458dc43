"""Keys of JSON that are not the name of their field: older ones, and those that files keep."""

import dataclasses
from collections.abc import Mapping
from typing import Any

FORMER_KEY, KEY = "former key", "key"


def formerly(key: str) -> Mapping[str, str]:
    """The metadata of a record's field whose key was another."""
    return {FORMER_KEY: key}


def written_as(key: str) -> Mapping[str, str]:
    """The metadata of a record's field that is written and read by another key than its name."""
    return {KEY: key}


def keys_of(record: Any) -> tuple[tuple[str, str], ...]:
    """The name and the key of each field of a record, in declared order."""
    fields = dataclasses.fields(record)
    return tuple((each.name, each.metadata.get(KEY, each.name)) for each in fields)


def names_by_key(record: Any) -> Mapping[str, str]:
    """The name of each field of a record, by its key and by the key that it had before."""
    fields = dataclasses.fields(record)
    former = {
        each.metadata[FORMER_KEY]: each.name for each in fields if FORMER_KEY in each.metadata
    }
    return {**former, **{key: name for name, key in keys_of(record)}}
