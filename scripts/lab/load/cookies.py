"""The cookies of one client: what answers set, as the next request sends it back.

A client speaks to one server over plain HTTP, so paths, domains and `Secure` are not heeded.
"""

import re
import time
from collections.abc import Iterable
from email.utils import parsedate_to_datetime

MOST_COOKIES = 50
MOST_COOKIE_BYTES = 4_096
"""The longest name with its value; a longer one is not kept."""
FIELD = re.compile(rb"\r\nset-cookie:[ \t]*([^\r\n]*)", re.IGNORECASE)
PAIR = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+)=([\x21-\x3a\x3c-\x7e ]*)")
MAX_AGE = re.compile(rb";[ \t]*max-age=(-?)(\d+)", re.IGNORECASE)
EXPIRES = re.compile(rb";[ \t]*expires=([^;]*)", re.IGNORECASE)


class CookieJar:
    """Names with their values; the app may be hostile, so both are bounded."""

    def __init__(self, values: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self.values = dict(values)

    def learn(self, head: bytes) -> None:
        """Take what a response's head sets, and drop what it ends."""
        for field in FIELD.findall(head):
            self.take(field)

    def take(self, field: bytes) -> None:
        """Take the value of one Set-Cookie field."""
        pair = PAIR.match(field)
        if pair is None or len(pair[0]) > MOST_COOKIE_BYTES:
            return
        name = pair[1]
        if is_over(field):
            self.values.pop(name, None)
        elif name in self.values or len(self.values) < MOST_COOKIES:
            self.values[name] = pair[2].rstrip()

    def field(self) -> bytes:
        """The Cookie field of a request with its line end; empty without a cookie."""
        if not self.values:
            return b""
        pairs = b"; ".join(name + b"=" + value for name, value in self.values.items())
        return b"Cookie: " + pairs + b"\r\n"


def is_over(field: bytes) -> bool:
    """Whether the cookie is one that ends now; `Max-Age` comes before `Expires`."""
    if age := MAX_AGE.search(field):
        return bool(age[1]) or not age[2].strip(b"0")
    expires = EXPIRES.search(field)
    if expires is None:
        return False
    try:
        return parsedate_to_datetime(expires[1].decode("ascii")).timestamp() <= time.time()
    except (ValueError, TypeError, LookupError, OverflowError, OSError):
        return False
