"""[login], cookies and think_seconds of lab.toml: what they may say, what is said of the rest."""

from pathlib import Path

import pytest
from lab.app.described import read_described, write_described
from lab.app.request_keys import LOGIN_KEYS
from lab.app.requests import login_of, user_app_of
from lab.app.spec import AppSpec, LoginSpec, RequestSpec
from lab.app.spec_file import read_spec
from lab.errors import UsageError
from lab.load.request import Request

COMMAND = 'command = "python app.py"\n'
LOGIN = '[login]\ntoken = "access_token"\n'


def app(tmp_path: Path, text: str) -> AppSpec:
    (tmp_path / "lab.toml").write_text(COMMAND + text, encoding="utf-8")
    return read_spec(tmp_path)


def test_without_the_keys_nothing_changes(tmp_path: Path) -> None:
    spec = app(tmp_path, "")
    assert (spec.login, spec.cookies, spec.think_seconds) == (None, False, 0.0)


def test_every_key_of_the_login_is_read_and_handed_on(tmp_path: Path) -> None:
    lines = [f"{key.name} = {key.example}" for key in LOGIN_KEYS]
    text = "\n".join(["cookies = true", "think_seconds = 0.5", "[login]", *lines])

    spec = app(tmp_path, text)

    request = RequestSpec(
        method="POST",
        path="/token",
        headers={"X-Client": "lab"},
        body="username=ann&password=secret",
        expect=(200, 302),
    )
    assert spec.login == LoginSpec(request, "access_token", "/login")
    write_described(tmp_path / "described.json", spec)
    assert read_described(tmp_path / "described.json") == spec
    user_app = user_app_of(spec)
    assert (user_app.cookies, user_app.think_seconds) == (True, 0.5)


@pytest.mark.parametrize(
    ("headers", "body", "kind"),
    [
        ({}, "a=1", "application/x-www-form-urlencoded"),
        ({}, '{"a": 1}', "application/json"),
        ({"content-type": "text/xml"}, "<a/>", None),
        ({}, None, None),
    ],
)
def test_a_body_is_a_form_or_json(headers: dict[str, str], body: str, kind: str | None) -> None:
    login = login_of(LoginSpec(RequestSpec(method="POST", headers=headers, body=body), "a.b"))
    assert login.token == ("a", "b")
    assert dict(login.request.headers).get("Content-Type") == kind


def test_a_login_is_a_post_that_any_answer_below_400_grants(tmp_path: Path) -> None:
    user_app = user_app_of(app(tmp_path, "cookies = true\n[login]\n"))
    assert user_app.login is not None
    assert user_app.login.request == Request("/login", "POST", ok_statuses=range(200, 400))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[login]\ntokens = 'a'", "the key login.tokens is unknown: did you mean token?"),
        ("[login]\n", '[login] gives neither a token nor cookies: set token (token = "'),
        (
            '[[requests]]\nheaders = { A = "{token}" }',
            "requests[1].{token} needs a token that a login gives: write [login] with token",
        ),
        (
            '[[requests]]\npath = "/{token}"',
            "requests[1].{token} needs a token that a login gives: write [login] with token",
        ),
        (
            'cookies = true\n[[requests]]\nheaders = { cookie = "a=1" }',
            "requests[1].headers has a Cookie, and cookies = true sends its own: remove one",
        ),
    ],
)
def test_what_cannot_be_used_is_one_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        app(tmp_path, text)
    message = str(caught.value)
    assert f"lab.toml: {says}" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("text", "value", "allowed"),
    [
        ("login = 3", "login = 3 ", "a table, headed [login]"),
        ("[login]\ntoken = 'a b'", "login.token = 'a b' ", "names of keys"),
        ("[login]\npath = 'token'", "login.path = 'token' ", "a path"),
        ("think_seconds = 61", "think_seconds = 61 ", "a number from 0 to"),
        ("cookies = 1", "cookies = 1 ", "true or false"),
    ],
)
def test_a_value_that_is_not_allowed_is_refused_with_what_is(
    tmp_path: Path, text: str, value: str, allowed: str
) -> None:
    with pytest.raises(UsageError) as caught:
        app(tmp_path, text)
    refused, _, is_allowed = str(caught.value).partition(": allowed is ")
    assert f"lab.toml: {value}" in refused
    assert is_allowed.startswith(allowed)


def test_braces_of_a_body_are_its_own_without_a_login(tmp_path: Path) -> None:
    (request,) = app(tmp_path, "[[requests]]\nbody = 'query { me {token} }'").requests
    assert request.body == "query { me {token} }"


def test_a_token_beside_a_cookie(tmp_path: Path) -> None:
    spec = app(tmp_path, f"cookies = true\n{LOGIN}")
    assert spec.login is not None
    assert spec.login.token == "access_token"
