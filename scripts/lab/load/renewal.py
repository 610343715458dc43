"""A token that tells when it expires (a JWT), and its renewal before and during blocks of load."""

import base64
import contextlib
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from lab.load.login import LoginRefused

USED_SHARE = 0.5
"""The share of a token's life after which it is renewed."""
OTHER_CLOCK_SECONDS = 5.0
"""How long one is used that was over when it was granted, by the clock here: its issuer has
another."""


def expiry_seconds(token: str | None) -> float | None:
    """When a JWT expires, in seconds of the clock; None for any other token."""
    parts = (token or "").split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        expires = claims["exp"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(expires, int | float) or isinstance(expires, bool):
        return None
    # A number of JSON may be no finite one, or too large for one.
    with contextlib.suppress(OverflowError):
        return float(expires) if math.isfinite(expires) else None
    return None


@dataclass
class Renewal:
    """Asks the login anew when half of a token's life is over.

    Where the login refuses, the old token stays: what is refused then is counted and told.
    """

    log_in: Callable[[], str | None]
    use: Callable[[str], None]
    """Puts a token into the requests."""
    expires_seconds: float
    granted_seconds: float

    def __call__(self) -> None:
        """Renew the token where it is due."""
        life = self.expires_seconds - self.granted_seconds
        after_seconds = USED_SHARE * life if life > 0 else OTHER_CLOCK_SECONDS
        if time.time() < self.granted_seconds + after_seconds:
            return
        try:
            token = self.log_in()
        except LoginRefused:
            return
        expires = expiry_seconds(token)
        if token is not None and expires is not None:
            self.granted_seconds, self.expires_seconds = time.time(), expires
            self.use(token)


def renewal_of(
    token: str | None, log_in: Callable[[], str | None], use: Callable[[str], None]
) -> Renewal | None:
    """The renewal of a token that was granted just now; None where it does not expire."""
    expires = expiry_seconds(token)
    return None if expires is None else Renewal(log_in, use, expires, time.time())
