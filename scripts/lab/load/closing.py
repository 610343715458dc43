"""The end of a connection that the server has said it closes."""

import asyncio
import contextlib
import socket
import struct

RESETS = struct.pack("ii", 1, 0)
"""SO_LINGER: the socket's close is a reset."""


class ServerCloses(asyncio.Protocol):
    """Waits until the server has closed its end, and resets what is left.

    The server's own socket is gone by then, so it does not see the reset. Without it the kernel of
    the engine's host remembers each connection of the load for two minutes, and the engine reads
    all that it remembers where a container ends: half of its CPU time in a run.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        transport.set_protocol(self)

    def eof_received(self) -> None:
        connection = self.transport.get_extra_info("socket")
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESETS)

    def end(self) -> None:
        """End it now, as a client does that waits for nobody."""
        self.transport.abort()
