"""A jar of cookies: what is kept, what ends, and how much a hostile app can make it hold."""

import pytest
from lab.load.cookies import MOST_COOKIE_BYTES, MOST_COOKIES, CookieJar

STATUS = b"HTTP/1.1 200 OK"


def after(*fields: bytes) -> bytes:
    jar = CookieJar()
    for field in fields:
        jar.learn(STATUS + b"\r\nSet-Cookie: " + field)
    return jar.field()


def test_every_cookie_of_a_head_is_sent_back_in_one_field() -> None:
    jar = CookieJar()
    jar.learn(STATUS + b"\r\nset-cookie: a=1; Path=/\r\nX: y\r\nSET-COOKIE:b=x y ; Secure")
    assert jar.field() == b"Cookie: a=1; b=x y\r\n"


def test_without_a_cookie_no_field_is_sent() -> None:
    assert CookieJar().field() == b""


@pytest.mark.parametrize(
    ("field", "kept"),
    [
        (b"a=2", b"Cookie: a=2\r\n"),
        (b"a=; Max-Age=60", b"Cookie: a=\r\n"),
        (b"a=2; Max-Age=0", b""),
        (b"a=2; max-age=-1; Expires=Fri, 01 Jan 2100 00:00:00 GMT", b""),
        (b"a=2; Expires=Thu, 01 Jan 1970 00:00:00 GMT", b""),
        (b"a=2; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60", b"Cookie: a=2\r\n"),
        (b"a=2; Expires=never", b"Cookie: a=2\r\n"),
        (b"a=2; Max-Age=" + b"9" * 9_000, b"Cookie: a=2\r\n"),
        (b"no pair", b"Cookie: a=1\r\n"),
        (b"=2", b"Cookie: a=1\r\n"),
    ],
)
def test_a_later_cookie_replaces_or_ends_the_earlier_one(field: bytes, kept: bytes) -> None:
    assert after(b"a=1", field) == kept


def test_a_jar_is_bounded() -> None:
    many = [b"n%d=x" % number for number in range(MOST_COOKIES + 5)]
    assert after(*many).count(b"=") == MOST_COOKIES
    assert after(b"a=" + b"x" * MOST_COOKIE_BYTES) == b""
