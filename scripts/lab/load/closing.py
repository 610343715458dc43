"""The end of a connection that the server has said it closes."""

import asyncio
import contextlib
import socket
import struct
import time

RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""The value of SO_LINGER with which the close of a socket resets its connection."""


class ServerCloses(asyncio.Protocol):
    """Waits until the server has closed its end, and resets what is left.

    A server that closes its socket does not see the reset; one that shuts only its sending side
    does. Without it the kernel remembers the connection for two minutes, and Docker reads all that
    it remembers where a container ends (docs/cost.md).
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.began_at = time.perf_counter()
        transport.set_protocol(self)

    def eof_received(self) -> None:
        connection = self.transport.get_extra_info("socket")
        # macOS refuses it where the server has reset the connection: then nothing is left.
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)

    def data_received(self, data: bytes) -> None:
        """End the connection: nobody reads what comes behind its response."""
        self.end()

    def end(self) -> None:
        """End it now, as a client does that waits for nobody."""
        self.transport.abort()
