"""Labels `lab.*` of a service, each checked; an error names the service and the label."""

from collections.abc import Mapping
from enum import Enum, StrEnum
from typing import Any, TypeVar

from lab.errors import UsageError

E = TypeVar("E", bound=Enum)


class YesNo(StrEnum):
    """A label that is either."""

    YES = "yes"
    NO = "no"


def label(service: str, labels: Mapping[str, Any], name: str) -> str:
    """A label that every variant has."""
    value = labels.get(f"lab.{name}")
    if value is None:
        raise UsageError(f"compose.yaml: service {service} has no label lab.{name}")
    return str(value)


def number_label(service: str, labels: Mapping[str, Any], name: str) -> int:
    """A whole number of at least 1."""
    value = label(service, labels, name)
    if not value.isdecimal():
        raise UsageError(f"compose.yaml: service {service} has lab.{name}={value}, not a number")
    if int(value) < 1:
        raise UsageError(f"compose.yaml: service {service} has lab.{name}={value}, less than 1")
    return int(value)


def optional_number(service: str, labels: Mapping[str, Any], name: str) -> int | None:
    """A whole number of at least 1; None without the label."""
    return number_label(service, labels, name) if f"lab.{name}" in labels else None


def optional_word(service: str, labels: Mapping[str, Any], name: str, words: type[E]) -> E | None:
    """One of a closed set of words; None without the label."""
    value = labels.get(f"lab.{name}")
    if value is None:
        return None
    try:
        return words(str(value))
    except ValueError as error:
        choice = ", ".join(item.value for item in words)
        raise UsageError(
            f"compose.yaml: service {service} has lab.{name}={value}: choose one of {choice}"
        ) from error
