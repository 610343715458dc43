"""Values that fit a JSON schema: the smallest that is required, each time a new one by `{n}`."""

from collections.abc import Mapping
from typing import Any

MAX_DEPTH = 8
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
Schema = Mapping[str, Any]


def resolved(schema: Any, document: Schema, depth: int = 0) -> Schema:
    """A schema with its reference followed; empty where it leads nowhere."""
    if not isinstance(schema, Mapping):
        return {}
    name = schema.get("$ref")
    if not isinstance(name, str) or depth > MAX_DEPTH:
        return schema if name is None else {}
    node: Any = document
    for part in name.removeprefix("#/").split("/"):
        node = node.get(part.replace("~1", "/")) if isinstance(node, Mapping) else None
    return resolved(node, document, depth + 1)


def example(schema: Any, document: Schema, depth: int = 0) -> Any:
    """A value that a schema admits."""
    followed = resolved(schema, document)
    for key in ("const", "example", "default"):
        if followed.get(key) is not None:
            return followed[key]
    for key in ("enum", "examples"):
        if isinstance(followed.get(key), list) and followed[key]:
            return followed[key][0]
    if depth > MAX_DEPTH:
        return None
    for key in ("anyOf", "oneOf"):
        if isinstance(followed.get(key), list):
            options = [each for each in followed[key] if not is_null(each)]
            return example(options[0], document, depth + 1) if options else None
    if isinstance(followed.get("allOf"), list):
        return merged(followed["allOf"], document, depth)
    return by_type(followed, document, depth)


def is_null(schema: Any) -> bool:
    return isinstance(schema, Mapping) and schema.get("type") == "null"


def merged(parts: list[Any], document: Schema, depth: int) -> Any:
    values = [example(each, document, depth + 1) for each in parts]
    tables = [each for each in values if isinstance(each, dict)]
    return (
        {k: v for each in tables for k, v in each.items()} if tables else next(iter(values), None)
    )


def by_type(schema: Schema, document: Schema, depth: int) -> Any:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((each for each in kind if each != "null"), None)
    if kind in ("integer", "number"):
        return number(schema)
    if kind == "boolean":
        return True
    if kind == "array":
        count = min(int(schema.get("minItems") or 0), 3)
        return [example(schema.get("items"), document, depth + 1) for _ in range(count)]
    if kind == "string":
        return text(schema)
    properties = schema.get("properties")
    if isinstance(properties, Mapping):
        names = [name for name in schema.get("required", ()) if name in properties]
        return {name: example(properties[name], document, depth + 1) for name in names}
    return {} if kind == "object" else "lab"


def number(schema: Schema) -> int:
    least, most = schema.get("minimum"), schema.get("maximum")
    above = schema.get("exclusiveMinimum")
    if isinstance(above, int | float) and not isinstance(above, bool):
        return int(above) + 1
    if isinstance(least, int | float):
        return int(least) if least == int(least) else int(least) + 1
    return min(1, int(most)) if isinstance(most, int | float) else 1


def text(schema: Schema) -> str:
    value = FORMATS.get(str(schema.get("format")), "lab{n}")
    least, most = schema.get("minLength"), schema.get("maxLength")
    if isinstance(most, int) and most < len(value) + 5:
        return "lab"[: max(most, 1)]
    return value.ljust(least, "x") if isinstance(least, int) and least < 1000 else value
