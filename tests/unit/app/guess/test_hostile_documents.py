"""An app's own OpenAPI document, made to harm: a request that can be sent, or none, at once."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from lab.app.guess.openapi import MAX_BODY, TARGET, described_requests, parse_document
from support.time_limit import time_limit

ITSELF = {"$ref": "#/components/schemas/A"}
NAMES = [f"p{number}" for number in range(50)]
SECONDS = 20


@pytest.fixture(autouse=True)
def _no_hang() -> Iterator[None]:
    with time_limit(SECONDS):
        yield


def with_body(schema: Any) -> dict[str, Any]:
    media = {"application/json": {"schema": schema}}
    post = {"requestBody": {"required": True, "content": media}}
    return {"paths": {"/x": {"post": post}}, "components": {"schemas": {"A": schema}}}


def with_parameter(example: Any, location: str = "query", name: str = "q") -> dict[str, Any]:
    given = {"name": name, "in": location, "required": True, "example": example}
    return {"paths": {"/x/{q}": {"get": {"parameters": [given]}}, "/y": {"get": {}}}}


BODIES = {
    "names that lead back": {
        "type": "object",
        "required": NAMES,
        "properties": dict.fromkeys(NAMES, ITSELF),
    },
    "parts that lead back": {"allOf": [ITSELF] * 50},
    "choices that lead back": {"anyOf": [ITSELF] * 50},
    "lists that lead back": {"type": "array", "minItems": 3, "items": ITSELF},
    "a reference to itself": ITSELF,
    "a reference to nowhere": {"$ref": "#/" + "a/" * 50_000},
    "a reference to another host": {"$ref": "http://192.0.2.1/x"},
    "a reference that is a number": {"$ref": 5},
    "from infinity": {"type": "number", "minimum": float("inf")},
    "from no number": {"type": "number", "minimum": float("nan")},
    "above less than all": {"type": "number", "exclusiveMinimum": float("-inf")},
    "up to less than all": {"type": "number", "maximum": float("-inf")},
    "from more digits than are read": {"type": "integer", "minimum": 10**5000},
    "a text of items": {"type": "array", "minItems": "a"},
    "a list of items": {"type": "array", "minItems": [1]},
    "endless items": {"type": "array", "minItems": float("inf")},
    "fewer items than none": {"type": "array", "minItems": -5},
    "required is a number": {"type": "object", "required": 5, "properties": {}},
    "required is nothing": {"type": "object", "required": None, "properties": {"a": 1}},
    "required is no name": {"type": "object", "required": [[1], {}], "properties": {"a": 1}},
    "properties are a list": {"type": "object", "properties": [1]},
    "a type that is a table": {"type": {"a": 1}},
    "types that are lists": {"type": [[1]]},
    "parts that are numbers": {"allOf": [1, 2]},
    "a format that is a list": {"type": "string", "format": [1]},
    "less than no text": {"type": "string", "maxLength": -5, "minLength": -9},
    "endless text": {"type": "string", "minLength": float("inf")},
    "a pattern without end": {"type": "string", "pattern": "(a+)+$" * 1000},
    "half of a pair": {"example": "\ud800"},
    "nested without end": {"example": json.loads("[" * 900 + "]" * 900)},
    "megabytes": {"example": "a" * 5_000_000},
}


@pytest.mark.parametrize("schema", BODIES.values(), ids=BODIES)
def test_a_body_is_one_that_can_be_sent_or_there_is_none(schema: Any) -> None:
    for request in described_requests(with_body(schema)):
        body = request.values["body"]
        assert len(body) <= MAX_BODY
        assert json.loads(body) is not Ellipsis


@pytest.mark.parametrize("location", ["query", "path", "header"])
@pytest.mark.parametrize(
    "example", ["a\r\nX: y", "\x1b[2J", "\ud800", "a" * 5_000_000, [{}], "{n}"]
)
def test_a_request_is_one_line_of_plain_characters(location: str, example: Any) -> None:
    requests = described_requests(with_parameter(example, location))

    assert "/y" in [request.path for request in requests]
    for request in requests:
        assert TARGET.fullmatch(request.path)
        assert all(f"{k}: {v}".isprintable() for k, v in request.values.get("headers", {}).items())


@pytest.mark.parametrize("name", ["X\r\nHost", "", "a b", "\x1b[2J", "X:", "é"])
def test_a_field_with_another_name_is_not_sent(name: str) -> None:
    assert [each.path for each in described_requests(with_parameter("1", "header", name))] == ["/y"]


PATHS = ["/\x1b[2J", "/a\r\nX: y", "/\ud800", "/" + "a" * 5_000_000, "/a b", "x", "", "/{a}", "/é"]


@pytest.mark.parametrize("path", PATHS)
def test_a_path_that_is_none_is_left_out(path: str) -> None:
    assert described_requests({"paths": {path: {"get": {}}, "/y": {"get": {}}}})[0].path == "/y"


def test_paths_without_number_are_not_all_made() -> None:
    paths = {f"/{number}": {"post": {"requestBody": 5}} for number in range(5_000)}

    assert len(described_requests({"paths": paths})) == 24


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b"5", b"{}", b'{"paths": [1]}', b'{"paths": null}', b"\xff", b"\x00"]
)
def test_what_is_no_document_is_none(body: bytes) -> None:
    assert parse_document(body) is None
