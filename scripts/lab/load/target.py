"""Where the load goes: one address, resolved beforehand."""

import socket
from collections.abc import Callable
from dataclasses import dataclass, replace

from lab.load.request import RequestSource
from lab.load.session import Session


@dataclass(frozen=True, slots=True)
class Target:
    """An address, and the requests that are sent there."""

    address: str
    port: int
    host: str
    """The name in the requests' Host header."""
    source: RequestSource
    session: Session | None = None
    """How its clients behave beyond their requests; None: they keep nothing and do not pause."""

    renew: Callable[[], None] | None = None
    """Renews what lets its clients in, where that expires and is due; called again and again."""

    def with_source(self, source: RequestSource) -> "Target":
        """The target with other requests, of clients that keep nothing."""
        return replace(self, source=source, session=None, renew=None)


def site_of(host: str) -> str:
    """The name of a user app in the requests' Host header.

    Frameworks refuse names that they were not told, and allow this machine's while one develops; a
    container's own name is none of them.
    """
    return host if host.startswith("127.") else "localhost"


def resolve(host: str, port: int) -> str:
    """The IPv4 address of a host.

    Raises:
        OSError: the name is not known.
    """
    infos = socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_STREAM)
    return str(infos[0][4][0])
