"""An end for what an app answers: a socket's own limit begins anew with each byte that comes."""

import http.client
import io
import socket
import time
from typing import Any


class Timed(io.RawIOBase):
    """What comes from a connection until a moment; later reads fail, as an app may never pause."""

    def __init__(self, connection: socket.socket, seconds: float) -> None:
        super().__init__()
        # Of its own: http.client closes the other before it has read an answer that ends with it.
        self.connection, self.deadline = connection.dup(), time.monotonic() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left_seconds = self.deadline - time.monotonic()
        if left_seconds <= 0:
            raise TimeoutError("timed out")
        self.connection.settimeout(left_seconds)
        return self.connection.recv_into(buffer)

    def close(self) -> None:
        self.connection.close()
        super().close()

    def makefile(self, _: str) -> io.BufferedReader:
        """The file that `http.client` reads from, as a socket gives one."""
        return io.BufferedReader(self)


def timed_response(
    connection: socket.socket, seconds: float, **options: Any
) -> http.client.HTTPResponse:
    """The answer that comes from a connection within so many seconds.

    Args:
        options: of `HTTPResponse`.
    """
    return http.client.HTTPResponse(Timed(connection, seconds), **options)  # type: ignore[arg-type]


def shorten(answer: http.client.HTTPResponse, seconds: float) -> None:
    """Let the rest of an answer come within so many seconds, where it had more of them."""
    timed = getattr(answer.fp, "raw", None)
    if isinstance(timed, Timed):
        timed.deadline = min(timed.deadline, time.monotonic() + seconds)
