"""Requests that an app's own OpenAPI document describes."""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any
from urllib.parse import quote, urlencode

from lab.app.guess.guess_records import GuessedRequest
from lab.app.guess.routes import ENDING, LAST
from lab.app.guess.schema import example, resolved
from lab.units import KIB, MIB

DOCUMENTS = (
    "/openapi.json",
    "/api/openapi.json",
    "/api/v1/openapi.json",
    "/schema/openapi.json",
    "/api/schema/?format=json",
    "/docs/openapi.json",
    "/swagger.json",
    "/api/swagger.json",
    "/v1/openapi.json",
)
MAX_DOCUMENT_BYTES = 4 * MIB
MAX_DESCRIBED_REQUESTS = 24
MAX_OPERATIONS = 500
MAX_PATH = 4000
MAX_BODY = 256 * KIB
TARGET = re.compile(r"/[!-~]{0,4000}")
NAME = re.compile(r"[A-Za-z0-9-]{1,100}")
VALUE = re.compile(r"[!-~](?:[ -~]{0,4000}[!-~])?")
ORDER = ("get", "post", "put", "patch")
ApiDocument = Mapping[str, Any]


def parse_document(body: bytes) -> ApiDocument | None:
    """The document; None for anything else."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if isinstance(document, Mapping) and isinstance(document.get("paths"), Mapping):
        return document
    return None


def described_requests(document: ApiDocument) -> list[GuessedRequest]:
    """The requests that the document describes: reads without a value, then what writes, then reads
    of one thing."""
    ordered = sorted(operations(document), key=lambda each: rank(*each[:3]))
    requests = (fitting_request(document, *each) for each in ordered[:MAX_OPERATIONS])
    return list(islice((each for each in requests if each is not None), MAX_DESCRIBED_REQUESTS))


def fitting_request(document: ApiDocument, *operation: Any) -> GuessedRequest | None:
    """The request, where it can be sent as it is: the document is whatever an app answered."""
    try:
        made = request(document, *operation)
    except (ValueError, RecursionError):  # half of a surrogate pair, an endless number
        return None
    if made is None or not TARGET.fullmatch(made.values["path"]):
        return None
    fields = made.values.get("headers", {}).items()
    fits = all(NAME.fullmatch(name) and VALUE.fullmatch(value) for name, value in fields)
    return made if fits and len(made.values.get("body", "")) <= MAX_BODY else None


def operations(document: ApiDocument) -> Iterator[tuple[str, str, ApiDocument, list[Any]]]:
    for path, item in document["paths"].items():
        is_path = isinstance(path, str) and path.startswith("/") and len(path) <= MAX_PATH
        is_path = is_path and not ENDING.search(path)
        if is_path and isinstance(item, Mapping):
            shared = item.get("parameters")
            for method in ORDER:
                if isinstance(item.get(method), Mapping):
                    yield path, method, item[method], shared if isinstance(shared, list) else []


def rank(path: str, method: str, operation: ApiDocument) -> tuple[object, ...]:
    """The sort key of an operation: what is asked first comes first."""
    return (
        bool(operation.get("security")),
        bool(LAST.search(path)),
        "{" in path,
        ORDER.index(method),
    )


def request(
    document: ApiDocument, path: str, method: str, operation: ApiDocument, shared: list[Any]
) -> GuessedRequest | None:
    """One request with the smallest values that are required; None where it cannot be made."""
    given = operation.get("parameters")
    listed = [*shared, *(given if isinstance(given, list) else [])]
    query, headers = {}, {}
    for each in (resolved(one, document) for one in listed):
        name, location = str(each.get("name", "")), each.get("in")
        schema = each.get("schema", each)
        value = each["example"] if each.get("example") is not None else example(schema, document)
        if location == "path":
            path = path.replace(f"{{{name}}}", quote(plain(value), safe="{}"))
        elif location == "query" and each.get("required"):
            query[name] = plain(value)
        elif location == "header" and each.get("required"):
            headers[name] = plain(value)
        elif location == "body":
            return None  # OpenAPI 2's, which few serve
    if "{" in path.replace("{n}", ""):
        return None
    values: dict[str, Any] = {"path": with_prefix(document, path)}
    if query:
        values["path"] += "?" + urlencode(query, safe="{}")
    if method != "get":
        values["method"] = method.upper()
    body = body_of(document, operation)
    if body is None:
        return None
    values.update(body)
    if headers:
        values["headers"] = {**values.get("headers", {}), **headers}
    return GuessedRequest(values, "the app's own OpenAPI document")


def with_prefix(document: ApiDocument, path: str) -> str:
    """The path below that of the document's first server, unless that is another host."""
    servers = document.get("servers")
    first = (
        servers[0].get("url", "")
        if isinstance(servers, list) and servers and isinstance(servers[0], Mapping)
        else ""
    )
    base = first.rstrip("/") if isinstance(first, str) and first.startswith("/") else ""
    return base + path


def plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)


def body_of(document: ApiDocument, operation: ApiDocument) -> dict[str, Any] | None:
    """The keys of a body; empty without one, None where its kind cannot be sent."""
    asked = resolved(operation.get("requestBody"), document)
    content = asked.get("content")
    if not isinstance(content, Mapping) or not content:
        return {}
    if "application/json" in content:
        value = value_of(document, content["application/json"])
        return {"body": json.dumps(value), "headers": {"Content-Type": "application/json"}}
    form = "application/x-www-form-urlencoded"
    if form in content:
        value = value_of(document, content[form])
        pairs = value if isinstance(value, Mapping) else {}
        text = urlencode({name: plain(each) for name, each in pairs.items()}, safe="{}")
        return {"body": text, "headers": {"Content-Type": form}}
    return None if asked.get("required") else {}


def value_of(document: ApiDocument, media: Any) -> Any:
    if not isinstance(media, Mapping):
        return {}
    if media.get("example") is not None:
        return media["example"]
    return example(media.get("schema"), document)
