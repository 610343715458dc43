import json

import pytest
from lab.share.redaction import PrivateWords, Redactor, secret_values
from support.time_limit import time_limit

PRIVATE = PrivateWords(
    secrets=('pa"ss\\wörd&1', "hunter2hunter2"),
    users=("root", "mmuster"),
    hosts=("planted-host.lan", "planted-host"),
    homes=("/srv/homes/mmuster",),
)


def redacted(text: str) -> str:
    return Redactor(PRIVATE).text(text)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("x hunter2hunter2 y", "x redacted y"),
        ("in /srv/homes/mmuster/shop/app.py", "in ~/shop/app.py"),
        ("in /home/somebody/shop/app.py:3", "in ~/shop/app.py:3"),
        ("in /Users/Some Body/shop", "in ~ Body/shop"),
        (r"in C:\Users\someone\shop", r"in ~\shop"),
        ("mmuster@planted-host.lan:~$", "user@host:~$"),
        ("on PLANTED-HOST, by MMuster.", "on host, by user."),
        (r"'first\nmmuster'", r"'first\nuser'"),
        ("mmusterhaus", "mmusterhaus"),
        ("postgres://shop:s3cret@db/shop", "postgres://redacted@db/shop"),
        ("token ghp_abcdefghijklmnopqrstuvwx", "token redacted"),
        ("AKIAABCDEFGHIJKLMNOP", "redacted"),
        ("-----BEGIN RSA PRIVATE KEY-----\nAA\n-----END RSA PRIVATE KEY-----", "redacted"),
    ],
)
def test_what_is_private_is_replaced(text: str, left: str) -> None:
    assert redacted(text) == left


JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.sig-na_ture"


@pytest.mark.parametrize("before", ["", "Bearer ", "token=", '"', "x.", "eyJ.", "a-b ", ":"])
def test_a_signed_token_is_found_behind_whatever_stands_before_it(before: str) -> None:
    assert redacted(f"{before}{JWT} after") == f"{before}redacted after"


PUMPED = ("eyJ-", "-eyJ", "eyJaaaaaaaaaa.", "-----BEGIN PRIVATE KEY-----", "-----BEGIN A ", "X")
PUMPED += ("sk-", "xoxb-", "://a:b", "/home/", "key=", "glpat-", "C:\\")


@pytest.mark.parametrize("pumped", PUMPED)
def test_a_line_of_any_length_is_read_a_few_times_at_most(pumped: str) -> None:
    """A hundredth of a second; half of one and more where a pattern begins anew at each place."""
    text = pumped * (30_000 // len(pumped))
    with time_limit(0.2):
        Redactor(PRIVATE).said(text)


def test_a_secret_is_found_however_a_file_writes_it() -> None:
    secret = PRIVATE.secrets[0]
    ways = (secret, json.dumps(secret), json.dumps(secret, ensure_ascii=False), repr(secret))

    for way in (*ways, "pa&quot;ss\\wörd&amp;1", "pa%22ss%5Cw%C3%B6rd%261"):
        assert "ss" not in redacted(way).replace("redacted", ""), way


@pytest.mark.parametrize("user", ["root", "app", "ubuntu", ""])
def test_an_account_of_nobody_is_no_name(user: str) -> None:
    assert (
        Redactor(PrivateWords(users=(user,))).text("root of the app, ubuntu")
        == "root of the app, ubuntu"
    )


def test_short_and_plain_values_are_no_secrets() -> None:
    given = {
        "API_KEY": "abc",
        "DB_PASSWORD": "development",
        "AUTHOR": "somebody else",
        "X": "123456",
    }

    assert list(secret_values(given)) == []
    assert list(secret_values({"API_KEY": " longer-one "})) == ["longer-one"]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("API_KEY=abc", "API_KEY=redacted"),
        ("{'DB_PASSWORD': 'x', 'n': 1}", "{'DB_PASSWORD': 'redacted', 'n': 1}"),
        ('"SECRET_TOKEN": "y"', '"SECRET_TOKEN": "redacted"'),
        ("workers=4 token=", "workers=4 token="),
        ("self.token = make_token()", "self.token = make_token()"),
    ],
)
def test_of_what_a_program_said_the_value_behind_a_telling_name_goes(text: str, left: str) -> None:
    assert Redactor(PrivateWords()).said(text) == left


def test_data_keeps_its_shape_and_is_counted() -> None:
    redactor = Redactor(PRIVATE)
    data = {"a": ["by mmuster", 1, None], "on planted-host": {"b": "hunter2hunter2"}}

    assert redactor.data(data) == {"a": ["by user", 1, None], "on host": {"b": "redacted"}}
    assert redactor.counts == {"user": 1, "host": 1, "redacted": 1}
