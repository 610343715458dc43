"""Where the load goes: one address, resolved beforehand."""

import socket
from dataclasses import dataclass, replace

from lab.load.request import RequestSource


@dataclass(frozen=True, slots=True)
class Target:
    """An address, and the requests that are sent there."""

    address: str
    port: int
    host: str
    """The name in the requests' Host header."""
    source: RequestSource

    def with_source(self, source: RequestSource) -> "Target":
        """The same address with other requests."""
        return replace(self, source=source)


def resolve(host: str, port: int) -> str:
    """The IPv4 address of a host.

    Raises:
        OSError: the name is not known.
    """
    infos = socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_STREAM)
    return str(infos[0][4][0])
