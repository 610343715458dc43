"""The JSON Schemas of the lab's documents, generated from the records' types and docstrings.

`python -m lab schema summary` prints one; a test compares each with its published file.
"""

import ast
import dataclasses
import inspect
import json
import re
import typing
from collections.abc import Iterator, Mapping
from enum import Enum
from types import NoneType
from typing import Any

from lab.records import bisection, layers, summary
from lab.records.bisection import Bisection
from lab.records.codec import least_value, optional_type, plain_types
from lab.records.layers import LayersAnswer
from lab.records.summary import Summary

DIALECT = "https://json-schema.org/draft/2020-12/schema"
PLAIN_NAMES = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    NoneType: "null",
}
Schema = dict[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Document:
    """A document with a schema: the record that it holds, and the version of its shape."""

    record: type
    version: str | int


DOCUMENTS: Mapping[str, Document] = {
    "summary": Document(Summary, summary.SCHEMA_VERSION),
    "bisect": Document(Bisection, bisection.SCHEMA_VERSION),
    "layers": Document(LayersAnswer, layers.SCHEMA_VERSION),
}
"""By the file's name without `.json`; the schema is `<name>.schema.json` in this folder."""


def document_schema(name: str) -> Schema:
    """The schema of a whole document; each record and enum stands once, under `$defs`."""
    document = DOCUMENTS[name]
    named = {kind.__name__: kind for kind in types_within(document.record)}
    whole = record_schema(document.record)
    whole["properties"]["schema_version"]["const"] = document.version
    title = {"$schema": DIALECT, "title": f"Worker Memory Lab: {name}.json"}
    definitions = {name: definition(named[name]) for name in sorted(named)}
    return {**title, **whole, "$defs": definitions}


def types_within(hint: Any) -> Iterator[type]:
    """Each record and enum in the fields of a type, the type itself left out."""
    fields = field_types(hint).values() if dataclasses.is_dataclass(hint) else typing.get_args(hint)
    for part in fields:
        if isinstance(part, type) and (dataclasses.is_dataclass(part) or issubclass(part, Enum)):
            yield part
        yield from types_within(part)


def field_types(record: Any) -> Mapping[str, Any]:
    return typing.get_type_hints(record, include_extras=True)


def definition(kind: type) -> Schema:
    return enum_schema(kind) if issubclass(kind, Enum) else record_schema(kind)


def enum_schema(kind: type[Enum]) -> Schema:
    return {"description": text_of(kind.__doc__), "enum": [member.value for member in kind]}


def record_schema(record: Any) -> Schema:
    """A closed object: `encode` writes every field, and `decode` refuses any other."""
    descriptions = field_descriptions(record)
    hints = field_types(record)
    if undescribed := hints.keys() - descriptions.keys():
        raise TypeError(f"{record.__name__} has fields without a docstring: {sorted(undescribed)}")
    return {
        "description": text_of(record.__doc__),
        "type": "object",
        "additionalProperties": False,
        "required": list(hints),
        "properties": {
            name: {"description": descriptions[name], **type_schema(hint)}
            for name, hint in hints.items()
        },
    }


def field_descriptions(record: Any) -> Mapping[str, str]:
    """The docstring under each field of a record, which Python itself does not keep."""
    (tree,) = ast.parse(inspect.getsource(record)).body
    assert isinstance(tree, ast.ClassDef)
    descriptions = {}
    for field, below in zip(tree.body, tree.body[1:], strict=False):
        match field, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                descriptions[name] = text_of(text)
    return descriptions


def text_of(docstring: str | None) -> str:
    """A docstring as a description: on one line, None as JSON writes it."""
    return re.sub(r"\bNone\b", "null", " ".join((docstring or "").split()))


def type_schema(hint: Any) -> Schema:
    """The schema of a field's type, by the same rules as `codec.reader`."""
    if plain_types(hint) is not None:
        parts = typing.get_args(hint) or (hint,)
        # An integer is a number, too.
        names = [PLAIN_NAMES[part] for part in parts if part is not int or float not in parts]
        return {"type": names if len(names) > 1 else names[0]}
    if (inner := optional_type(hint)) is not None:
        return optional_schema(type_schema(inner))
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return {**type_schema(parts[0]), "minimum": least_value(hint)}
    if origin is tuple:
        return {"type": "array", "items": type_schema(parts[0])}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": type_schema(parts[1])}
    return {"$ref": f"#/$defs/{hint.__name__}"}


def optional_schema(schema: Schema) -> Schema:
    if "type" in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def schema_text(name: str) -> str:
    """The schema of a document as the published file holds it."""
    return json.dumps(document_schema(name), indent=2) + "\n"
