"""Values that fit a JSON schema: the smallest that is required, each time a new one by `{n}`."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lab.records.numbers import LARGEST

MAX_SCHEMA_DEPTH = 8
MAX_VALUES = 500
"""Parts of one value: a schema that refers to itself from each of its names has millions."""
FORMATS = {
    "date": "2026-01-15",
    "date-time": "2026-01-15T12:00:00Z",
    "time": "12:00:00",
    "email": "lab{n}@example.com",
    "uuid": "00000000-0000-4000-8000-000000000001",
    "uri": "http://example.com/{n}",
    "ipv4": "127.0.0.1",
    "binary": "lab",
    "password": "lab-Password-1",
    "byte": "bGFi",
}
JsonSchema = Mapping[str, Any]


def resolved(schema: Any, document: JsonSchema, depth: int = 0) -> JsonSchema:
    """A schema with its reference followed; empty where it leads nowhere."""
    if not isinstance(schema, Mapping):
        return {}
    name = schema.get("$ref")
    if not isinstance(name, str) or depth > MAX_SCHEMA_DEPTH:
        return schema if name is None else {}
    node: Any = document
    for part in name.removeprefix("#/").split("/"):
        node = node.get(part.replace("~1", "/")) if isinstance(node, Mapping) else None
    return resolved(node, document, depth + 1)


def example(schema: Any, document: JsonSchema) -> Any:
    """A value that a schema admits."""
    return Examples(document).value(schema)


@dataclass
class Examples:
    """Builds one value; the document is whatever an app answered."""

    document: JsonSchema
    left: int = MAX_VALUES

    def value(self, schema: Any, depth: int = 0) -> Any:
        """A value that a schema admits; None below too many others, or too deep."""
        followed = resolved(schema, self.document)
        for key in ("const", "example", "default"):
            if followed.get(key) is not None:
                return followed[key]
        for key in ("enum", "examples"):
            if isinstance(followed.get(key), list) and followed[key]:
                return followed[key][0]
        self.left -= 1
        if depth > MAX_SCHEMA_DEPTH or self.left < 0:
            return None
        for key in ("anyOf", "oneOf"):
            if isinstance(followed.get(key), list):
                options = [each for each in followed[key] if not is_null(each)]
                return self.value(options[0], depth + 1) if options else None
        if isinstance(followed.get("allOf"), list):
            return self.merged(followed["allOf"], depth)
        return self.by_type(followed, depth)

    def merged(self, parts: list[Any], depth: int) -> Any:
        values = [self.value(each, depth + 1) for each in parts]
        tables = [each for each in values if isinstance(each, dict)]
        first = next(iter(values), None)
        return {k: v for each in tables for k, v in each.items()} if tables else first

    def by_type(self, schema: JsonSchema, depth: int) -> Any:
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next((each for each in kind if each != "null"), None)
        if kind in ("integer", "number"):
            return number(schema)
        if kind == "boolean":
            return True
        if kind == "array":
            count = min(least_whole_number(schema.get("minItems")) or 0, 3)
            return [self.value(schema.get("items"), depth + 1) for _ in range(count)]
        if kind == "string":
            return text(schema)
        properties, required = schema.get("properties"), schema.get("required")
        if isinstance(properties, Mapping):
            names = required if isinstance(required, list) else ()
            known = [name for name in names if isinstance(name, str) and name in properties]
            return {name: self.value(properties[name], depth + 1) for name in known}
        return {} if kind == "object" else "lab"


def is_null(schema: Any) -> bool:
    return isinstance(schema, Mapping) and schema.get("type") == "null"


def least_whole_number(value: Any) -> int | None:
    """The least whole number from a value on; None for what is not a number that can be sent."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return math.ceil(value) if -LARGEST <= value <= LARGEST else None


def number(schema: JsonSchema) -> int:
    least, most = (
        least_whole_number(schema.get("minimum")),
        least_whole_number(schema.get("maximum")),
    )
    above = schema.get("exclusiveMinimum")
    if (from_above := least_whole_number(above)) is not None:
        return from_above + (from_above == above)
    if least is not None:
        return least
    return 1 if most is None else min(1, most)


def text(schema: JsonSchema) -> str:
    value = FORMATS.get(str(schema.get("format")), "lab{n}")
    least, most = (
        least_whole_number(schema.get("minLength")),
        least_whole_number(schema.get("maxLength")),
    )
    if most is not None and most < len(value) + 5:
        return "lab"[: max(most, 1)]
    return value.ljust(least, "x") if least is not None and least < 1000 else value
