"""Records to plain JSON data and back; knows dataclasses, and no file."""

import dataclasses
import types
import typing
from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Any


def encode(value: Any) -> Any:
    """A record as plain JSON data."""
    if isinstance(value, Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {field.name: encode(getattr(value, field.name)) for field in fields}
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [encode(item) for item in value]
    return value


@cache
def decoders(record: type) -> Mapping[str, Any]:
    """Field name to type, for the fields that are more than a plain JSON value."""
    hints = typing.get_type_hints(record)
    return {name: hint for name, hint in hints.items() if not is_plain(hint)}


@cache
def is_plain(hint: Any) -> bool:
    """Whether JSON's own value is already the field's."""
    if isinstance(hint, types.UnionType):
        return all(is_plain(part) for part in typing.get_args(hint))
    return hint in (int, float, str, bool, types.NoneType) or typing.get_origin(hint) in (
        Mapping,
        dict,
        typing.get_origin(Mapping[str, str]),
    )


def decode(hint: Any, value: Any) -> Any:
    """JSON data as the record that `hint` names."""
    if value is None or is_plain(hint):
        return value
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return decode_record(hint, value)
    if isinstance(hint, types.UnionType):
        inner = next(part for part in typing.get_args(hint) if part is not types.NoneType)
        return decode(inner, value)
    if typing.get_origin(hint) is tuple:
        return tuple(decode(typing.get_args(hint)[0], item) for item in value)
    return hint(value)


def decode_record(record: type, value: Mapping[str, Any]) -> Any:
    """The record; one whose fields are all plain (most are samples) takes them as they are."""
    special = decoders(record)
    if not special:
        return record(**value)
    return record(
        **{
            name: decode(special[name], item) if name in special else item
            for name, item in value.items()
        }
    )
