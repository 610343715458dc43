"""Which requests an app is measured with, by what it answers."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from lab.app.guess.asking import Answer, TriedRequests, answered_requests, load_of
from lab.app.guess.guess_records import Guess, Guessed, GuessedRequest
from lab.app.guess.openapi import described_requests, parse_document
from lab.app.guess.schema import example

ITEM = {
    "type": "object",
    "required": ["name", "size", "tags"],
    "properties": {
        "name": {"type": "string", "minLength": 8},
        "size": {"type": "integer", "exclusiveMinimum": 4},
        "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "note": {"type": "string"},
    },
}
DOCUMENT: Mapping[str, Any] = {
    "servers": [{"url": "/base"}],
    "components": {"schemas": {"Item": ITEM}},
    "paths": {
        "/items/{item_id}": {
            "parameters": [{"name": "item_id", "in": "path", "schema": {"type": "integer"}}],
            "get": {},
            "delete": {},
        },
        "/items": {
            "post": {
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Item"}}
                    }
                }
            },
            "get": {
                "parameters": [
                    {"name": "q", "in": "query", "required": True, "schema": {"type": "string"}},
                    {"name": "page", "in": "query", "schema": {"type": "integer"}},
                ]
            },
        },
    },
}


def asking(answers: Mapping[str, Answer], *paths: str) -> tuple[list[str], list[dict[str, Any]]]:
    asked = []

    def ask(request: GuessedRequest) -> Answer:
        asked.append(request.path)
        return answers.get(f"{request.method} {request.path}", Answer(404))

    routes = [GuessedRequest({"path": path}, "a route of app.py") for path in paths]
    filled = tuple(each for each in routes if each.path.startswith("/users/"))
    requests = tuple(each for each in routes if each not in filled)
    kept, _ = answered_requests(Guess((), requests, filled), ask)
    return asked, [dict(each.values) for each in kept]


def test_what_answers_is_kept_and_the_rest_left_out() -> None:
    answers = {"GET /a": Answer(200), "GET /b": Answer(500)}
    assert asking(answers, "/a", "/b")[1] == [{"path": "/a"}]


def test_a_redirection_is_followed_in_the_app_and_nowhere_else() -> None:
    answers = {
        "GET /": Answer(302, location="/login?next=/"),
        "GET /login?next=/": Answer(200),
        "GET /away": Answer(302, location="https://example.com/login"),
    }
    assert asking(answers, "/away", "/")[1] == [{"path": "/login?next=/"}]


def test_the_same_page_with_another_query_is_kept_once() -> None:
    answers = {"GET /login": Answer(200), "GET /": Answer(302, location="/login?next=/")}
    assert asking(answers, "/login", "/")[1] == [{"path": "/login"}]


def test_what_is_not_there_is_never_measured() -> None:
    assert asking({}, "/a", "/b")[1] == []


def test_a_path_with_a_value_is_asked_for_where_nothing_else_answers() -> None:
    answers = {"GET /users/1": Answer(200), "GET /a": Answer(200), "GET /login": Answer(200)}
    assert asking(answers, "/a", "/users/1")[1] == [{"path": "/a"}]
    assert asking(answers, "/b", "/users/1")[1] == [{"path": "/users/1"}]


def test_what_is_not_to_be_read_is_written_to() -> None:
    json_body = {"body": "{}", "headers": {"Content-Type": "application/json"}}
    answers = {"GET /a": Answer(405), "POST /a": Answer(201)}
    assert asking(answers, "/a")[1] == [{"path": "/a", "method": "POST"}]

    def ask(request: GuessedRequest) -> Answer:
        return Answer(200 if "body" in request.values else 405)

    kept, _ = answered_requests(Guess((), (GuessedRequest({"path": "/a"}, "a route"),)), ask)
    assert dict(kept[0].values) == {"path": "/a", "method": "POST", **json_body}


def test_a_refusal_is_measured_as_such_where_nothing_else_is_said() -> None:
    assert asking({"GET /a": Answer(401)}, "/a")[1] == [{"path": "/a", "expect": [401]}]


def test_where_a_route_fails_no_usual_path_stands_in_for_it() -> None:
    assert asking({"GET /a": Answer(500)}, "/a")[1] == []


def test_an_answer_without_end_is_none() -> None:
    answers = {"GET /events": Answer(200, is_endless=True), "GET /a": Answer(200)}
    assert asking(answers, "/events", "/a")[1] == [{"path": "/a"}]


def test_the_apps_own_document_gives_requests_with_bodies() -> None:
    first, second, third = described_requests(DOCUMENT)

    assert first.values == {"path": "/base/items?q=lab{n}"}
    assert (second.method, second.path) == ("POST", "/base/items")
    assert json.loads(second.values["body"]) == {"name": "lab{n}xx", "size": 5, "tags": ["lab{n}"]}
    assert third.values == {"path": "/base/items/1"}


def test_what_writes_must_be_answered_twice() -> None:
    body = json.dumps(DOCUMENT).encode()
    twice = iter([Answer(201), Answer(409)])

    def ask(request: GuessedRequest) -> Answer:
        if request.path == "/openapi.json":
            return Answer(200, body)
        return next(twice) if request.method == "POST" else Answer(401)

    kept, _ = answered_requests(Guess(()), ask)

    assert [each.method for each in kept] == ["GET"]


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"paths": []}', b"[" * 100_000])
def test_what_is_no_document_is_none(body: bytes) -> None:
    assert parse_document(body) is None


@pytest.mark.parametrize(
    "paths",
    [
        {"/a": {"get": {"parameters": [{"$ref": "#/nowhere"}, 7, None]}}},
        {"/a": {"get": {"parameters": "x", "requestBody": []}}, "b": {"get": {}}, "/c": []},
        {"/{x}": {"get": {}}, "/a": {"post": {"requestBody": {"content": {"image/png": {}}}}}},
    ],
)
def test_a_document_of_any_shape_gives_requests_or_none(paths: Any) -> None:
    assert all(each.path == "/a" for each in described_requests({"paths": paths}))


def test_a_schema_that_holds_itself_ends() -> None:
    node = {"type": "object", "required": ["next"], "properties": {"next": {"$ref": "#/node"}}}
    assert "next" in example({"$ref": "#/node"}, {"node": node})


def test_an_answer_without_end_is_measured_where_there_is_nothing_else() -> None:
    guess = Guess((), (GuessedRequest({"path": "/events"}, "x"),))

    def ask(request: GuessedRequest) -> Answer:
        return Answer(200, is_endless=True) if request.path == "/events" else Answer(404)

    requests, asked = answered_requests(guess, ask)
    assert [request.values for request in requests] == [{"path": "/events", "read_seconds": 0.2}]
    count = load_of(asked)
    assert count is not None
    assert count.value == 2400


def test_slow_answers_get_fewer_requests_and_quick_ones_as_many_as_usual() -> None:
    asked = TriedRequests(slowest_seconds=0.05)
    assert load_of(asked) is None
    asked.slowest_seconds = 100.0
    count = load_of(asked)
    assert count is not None
    assert count.value == 400


def test_an_app_that_answers_nothing_is_not_asked_for_long_nor_measured_by_its_404() -> None:
    hangs = Answer(None, fault="timed out")
    paths = [f"/{number}" for number in range(20)]
    asked, kept = asking({f"GET {path}": hangs for path in paths}, *paths)
    assert [path for path in asked if path in paths] == paths[:4]
    assert kept == []


def test_an_app_that_answers_by_another_name_alone_is_asked_by_that_name() -> None:
    def ask(request: GuessedRequest) -> Answer:
        named = request.values.get("headers", {}).get("Host") == "shop.example.com"
        return Answer(200 if named and request.path == "/cart" else 400 if not named else 404)

    guess = Guess(
        (), (GuessedRequest({"path": "/cart"}, "a route"),), hosts=("x.org", "shop.example.com")
    )
    requests, _ = answered_requests(guess, ask)

    assert [each.values for each in requests] == [
        {"path": "/cart", "headers": {"Host": "shop.example.com"}}
    ]


@pytest.mark.parametrize("where", ["environment", "hosts"])
def test_an_app_that_has_routes_by_its_servers_name_alone_is_asked_by_that_name(where: str) -> None:
    def ask(request: GuessedRequest) -> Answer:
        named = request.values.get("headers", {}).get("Host") == "shop.test:5000"
        return Answer(200 if named and request.path == "/cart" else 404)

    name = "shop.test:5000"
    variables = Guessed("environment", {"SHOP_SERVER_NAME": name, "OTHER_SERVER_NAME": "a b"}, "x")
    by_where = {"environment": Guess((variables,)), "hosts": Guess((), hosts=(name,))}
    guess = by_where[where].asking([GuessedRequest({"path": "/cart"}, "a route")])
    requests, _ = answered_requests(guess, ask)

    assert [each.values for each in requests] == [
        {"path": "/cart", "headers": {"Host": "shop.test:5000"}}
    ]


def test_where_no_name_helps_the_refusal_by_this_machines_name_is_told() -> None:
    def ask(request: GuessedRequest) -> Answer:
        return Answer(400)

    guess = Guess((), (GuessedRequest({"path": "/cart"}, "a route"),), hosts=("x.org",))
    requests, _ = answered_requests(guess, ask)

    assert [each.values for each in requests] == [{"path": "/cart", "expect": [400]}]
