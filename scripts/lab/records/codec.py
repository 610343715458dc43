"""Records to plain JSON data and back, each value of its field's type; knows no file."""

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache, partial
from typing import Any

from lab.text.phrases import clipped

Read = Callable[[Any], Any]
PLAIN = frozenset({int, float, str, bool, types.NoneType})
NUMBERS = frozenset({int, float})
LARGEST = 10**15
"""Of any number, be it bytes, seconds or requests: a petabyte; sums of some more stay exact."""
MOST_SHOWN = 60


class ShapeError(ValueError):
    """JSON data is of another shape than the record; says where."""


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


def decode(hint: Any, value: Any) -> Any:
    """JSON data as the record that `hint` names.

    Raises:
        ShapeError: a field is missing, unknown, of another type, or a number is not finite.
    """
    return reader(hint)(value)


@cache
def reader(hint: Any) -> Read:
    """What reads JSON data as a type: plain, optional, enum, record, mapping or tuple."""
    if (allowed := plain_types(hint)) is not None:
        return partial(read_plain, allowed)
    if isinstance(hint, types.UnionType):
        (inner,) = (part for part in typing.get_args(hint) if part is not types.NoneType)
        return partial(read_optional, reader(inner))
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return record_reader(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return partial(read_enum, hint)
    if typing.get_origin(hint) is tuple:
        (item,) = (part for part in typing.get_args(hint) if part is not Ellipsis)
        return partial(read_tuple, reader(item))
    if typing.get_origin(hint) is Mapping:
        return partial(read_mapping, reader(typing.get_args(hint)[1]))
    raise TypeError(f"{hint} is no type of a record's field")


@cache
def plain_types(hint: Any) -> frozenset[type] | None:
    """JSON's own types that a field may have; None when it is more than a plain value."""
    parts = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    if not all(part in PLAIN for part in parts):
        return None
    # JSON writes 6.0 as 6 where it was a whole number.
    return frozenset(parts) | ({int} if float in parts else set())


def read_plain(allowed: frozenset[type], value: Any) -> Any:
    kind = type(value)
    if kind not in allowed:
        names = " or ".join(sorted(each.__name__.removesuffix("Type") for each in allowed))
        raise ShapeError(f"{shown(value)} where {names} is expected")
    if kind in NUMBERS and not -LARGEST <= value <= LARGEST:
        raise ShapeError(f"{shown(value)}, a number out of range")
    return value


def read_optional(read: Read, value: Any) -> Any:
    return None if value is None else read(value)


def read_enum(kind: type[Enum], value: Any) -> Enum:
    if not isinstance(value, str):
        raise ShapeError(f"{shown(value)} where str is expected")
    try:
        return kind(value)
    except ValueError as error:
        raise ShapeError(f"{shown(value)}, none of its values") from error


def read_tuple(read: Read, value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise ShapeError(f"{shown(value)} where a list is expected")
    return tuple(map(read, value))


def read_mapping(read: Read, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ShapeError(f"{shown(value)} where an object is expected")
    return {key: read(item) for key, item in value.items()}


@cache
def record_reader(record: type) -> Read:
    hints = typing.get_type_hints(record)
    return partial(read_record, record, {name: reader(hint) for name, hint in hints.items()})


def read_record(record: type, fields: Mapping[str, Read], value: Any) -> Any:
    if not isinstance(value, dict):
        raise ShapeError(f"{shown(value)} where an object is expected")
    found, name = {}, ""
    try:
        for name, item in value.items():
            found[name] = fields[name](item)
    except KeyError as error:
        raise ShapeError(f"{shown(name)} is no field of {record.__name__}") from error
    except ShapeError as error:
        raise ShapeError(f"{name}: {error}") from error
    try:
        return record(**found)
    except TypeError as error:
        raise ShapeError(f"a field of {record.__name__} is missing") from error


def shown(value: Any) -> str:
    """A value for a message, on one line of bounded length."""
    return clipped(repr(value)[: 2 * MOST_SHOWN], MOST_SHOWN)
