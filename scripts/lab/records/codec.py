"""Records to plain JSON data and back, each value checked against its field's type.

msgspec was compared and left out: its errors name neither the value nor, for NaN, the field; it
ignores unknown keys of dataclasses; and it reads descriptions from annotations, not docstrings.
"""

import dataclasses
import json
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from functools import cache, partial
from pathlib import Path
from typing import Any

from lab.records.former_keys import keys_of, names_by_key
from lab.records.numbers import LARGEST, AtLeast
from lab.text.phrases import clipped

Read = Callable[[Any], Any]
PLAIN = frozenset({int, float, str, bool, types.NoneType})
NUMBERS = frozenset({int, float})
MOST_VALUE_SHOWN = 60
"""Characters of a value in a message."""


class ShapeError(ValueError):
    """JSON data does not have the record's shape; the message names the field."""


def encode(value: Any, by_key: bool = False) -> Any:
    """A record as plain JSON data: its fields in declared order.

    Args:
        value: a record, or a value of a record's field.
        by_key: whether mappings are sorted by key, so that equal records give equal text.
    """
    if type(value) in PLAIN:
        return value
    if isinstance(value, Enum):
        return value.value
    if (fields := keys_by_field(value.__class__)) is not None:
        # Most values are plain: a call for each would be half of the work.
        return {
            key: each if type(each := getattr(value, name)) in PLAIN else encode(each, by_key)
            for name, key in fields
        }
    if isinstance(value, Mapping):
        keys: Iterable[Any] = sorted(value) if by_key else value
        return {str(key): encode(value[key], by_key) for key in keys}
    if isinstance(value, list | tuple):
        return [encode(item, by_key) for item in value]
    return str(value) if isinstance(value, Path) else value


@cache
def keys_by_field(record: type) -> tuple[tuple[str, str], ...] | None:
    """The name and the key of each field, in declared order; None for anything but a record."""
    return keys_of(record) if dataclasses.is_dataclass(record) else None


def json_text(record: Any) -> str:
    """A record as a document of its own, sorted by key: the same on every machine."""
    return json.dumps(encode(record, by_key=True), indent=2) + "\n"


def decode(hint: Any, value: Any) -> Any:
    """JSON data as the record that `hint` names.

    Raises:
        ShapeError: a field is missing, unknown or of another type, or a number is out of range or
            not finite.
    """
    return reader(hint)(value)


@cache
def reader(hint: Any) -> Read:
    """The function that reads JSON data as a type: the reverse of `encode`."""
    if (allowed := plain_types(hint)) is not None:
        return partial(read_plain, allowed)
    if (inner := optional_type(hint)) is not None:
        return partial(read_optional, reader(inner))
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return partial(read_at_least, reader(parts[0]), least_value(hint))
    if origin is tuple:
        return partial(read_tuple, reader(parts[0]))
    if origin is Mapping:
        return partial(read_mapping, reader(parts[1]))
    if hint is Path:
        return read_path
    if isinstance(hint, type) and issubclass(hint, Enum):
        return partial(read_enum, {member.value: member for member in hint})
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return record_reader(hint)
    raise TypeError(f"a record's field cannot have the type {hint}")


@cache
def plain_types(hint: Any) -> frozenset[type] | None:
    """JSON's own types that a field may have; None for a field of any other type."""
    parts = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    if not all(part in PLAIN for part in parts):
        return None
    # JSON writes 6.0 as 6 where it was a whole number.
    return frozenset(parts) | ({int} if float in parts else set())


def optional_type(hint: Any) -> Any:
    """The type `X` of a field `X | None`; None for a field of any other type."""
    # `Annotated[...] | None` is a typing.Union, `Record | None` a types.UnionType.
    if typing.get_origin(hint) not in (typing.Union, types.UnionType):
        return None
    (inner,) = (part for part in typing.get_args(hint) if part is not types.NoneType)
    return inner


def least_value(hint: Any) -> int:
    """The least value of a field whose type is `Annotated` with one."""
    (bound,) = (each for each in hint.__metadata__ if isinstance(each, AtLeast))
    return bound.least


def read_plain(allowed: frozenset[type], value: Any) -> Any:
    kind = type(value)
    if kind not in allowed:
        names = " or ".join(sorted(each.__name__.removesuffix("Type") for each in allowed))
        raise ShapeError(f"{value_text(value)} where {names} is expected")
    if kind in NUMBERS and not -LARGEST <= value <= LARGEST:
        raise ShapeError(f"{value_text(value)}, a number out of range")
    return value


def read_at_least(read: Read, least: int, value: Any) -> Any:
    number = read(value)
    if number < least:
        raise ShapeError(f"{value_text(value)} where at least {least} is expected")
    return number


def read_optional(read: Read, value: Any) -> Any:
    return None if value is None else read(value)


def read_enum(members: Mapping[Any, Enum], value: Any) -> Enum:
    expected = type(next(iter(members)))
    if type(value) is not expected:
        raise ShapeError(f"{value_text(value)} where {expected.__name__} is expected")
    if value not in members:
        raise ShapeError(
            f"{value_text(value)} where one of {', '.join(map(str, members))} is expected"
        )
    return members[value]


def read_path(value: Any) -> Path:
    return Path(read_plain(frozenset({str}), value))


def read_tuple(read: Read, value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise ShapeError(f"{value_text(value)} where a list is expected")
    return tuple(map(read, value))


def read_mapping(read: Read, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ShapeError(f"{value_text(value)} where an object is expected")
    return {key: read(item) for key, item in value.items()}


@cache
def record_reader(record: type) -> Read:
    hints = typing.get_type_hints(record, include_extras=True)
    fields = {key: (name, reader(hints[name])) for key, name in names_by_key(record).items()}
    return partial(read_record, record, fields)


def read_record(record: type, fields: Mapping[str, tuple[str, Read]], value: Any) -> Any:
    if not isinstance(value, dict):
        raise ShapeError(f"{value_text(value)} where an object is expected")
    values, key = {}, ""
    try:
        for key, item in value.items():
            name, read = fields[key]
            values[name] = read(item)
    except KeyError as error:
        raise ShapeError(f"{value_text(key)} is not a field of {record.__name__}") from error
    except ShapeError as error:
        raise ShapeError(f"{key}: {error}") from error
    if len(values) < len(value):
        former = next(key for key in value if fields[key][0] in value.keys() - {key})
        raise ShapeError(f"{former}: {fields[former][0]} is there as well, which it became")
    try:
        return record(**values)
    except TypeError as error:
        raise ShapeError(f"a field of {record.__name__} is missing") from error


def value_text(value: Any, most: int = MOST_VALUE_SHOWN) -> str:
    """A value for a message, on one line of bounded length."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # more digits, or lists in lists, than Python writes
        return f"a {type(value).__name__} that is too long"
    return clipped(text[: 2 * most], most)
