"""Whether a server accepts connections at its port."""

import contextlib
import socket

ACCEPT_SECONDS = 1.0


def accepts(host: str, port: int, timeout_seconds: float = ACCEPT_SECONDS) -> bool:
    """Whether a connection to the port is accepted in that time; it is closed at once."""
    with contextlib.suppress(OSError):
        socket.create_connection((host, port), timeout_seconds).close()
        return True
    return False
