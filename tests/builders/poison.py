"""Any record with a hostile text in each of its string fields."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

POISON = (
    "x\x1b]52;c;eA==\x07\x1b[31m\x9b2J\u202e\u2066\u200b[/][red]a[/red] "
    "<img src=x onerror=alert(1)></title></style></script></pre>]]>--><script>alert(2)</script>"
    "'\" onclick=alert(3) `a` ``b`` ![i](http://evil/i.png)[l](http://evil)<http://evil> "
    "**b** | \\| `\\|` &lt;i&gt; {{ 7 }}{% x %}\r\n# PLANTED\n- PLANTED\n```\n~~~\n"
    "PLANTED\n===\n\n    \x00\x7f\u2028\ud800 end"
)
SHOWN = "[/][red]a[/red]"
"""Part of POISON that a terminal must show as it is."""

T = TypeVar("T")


def poisoned(record: T) -> T:
    """The record with POISON in every string field, however deep; the names still agree."""
    return _value(type(record), record)


def _value(hint: Any, value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        hints = get_type_hints(type(value))
        poisoned = {
            each.name: _value(hints[each.name], getattr(value, each.name)) for each in fields(value)
        }
        return type(value)(**poisoned)
    if isinstance(value, Enum):
        return value
    if str in _choices(hint) and (value is None or isinstance(value, str)):
        return POISON
    if isinstance(value, Mapping):
        return _mapping(_inside(hint, Mapping), value)
    if isinstance(value, tuple):
        return _tuple(_inside(hint, tuple), value)
    return value


def _choices(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def _inside(hint: Any, kind: type) -> tuple[Any, ...]:
    """The arguments of the tuple or mapping among what a field may be."""
    for choice in _choices(hint):
        origin = get_origin(choice)
        if origin is not None and issubclass(origin, kind):
            return get_args(choice)
    return ()


def _tuple(inside: tuple[Any, ...], value: tuple[Any, ...]) -> tuple[Any, ...]:
    if inside[:1] == (str,):
        return (POISON,) * max(len(value), 1)
    if inside[1:] == (Ellipsis,):
        return tuple(_value(inside[0], each) for each in value)
    return tuple(_value(hint, each) for hint, each in zip(inside, value, strict=True))


def _mapping(inside: tuple[Any, ...], value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Known keys stay, as code reads them; one more is hostile."""
    _, hint = inside
    poisoned_values = {key: _value(hint, each) for key, each in value.items()}
    if any(is_dataclass(choice) for choice in _choices(hint)):
        one_more = dict.fromkeys(
            [POISON] if poisoned_values else [], next(iter(poisoned_values.values()), None)
        )
        return {**poisoned_values, **one_more}
    return {**poisoned_values, POISON: POISON if str in _choices(hint) else 1}
