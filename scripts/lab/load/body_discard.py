"""Discards large bodies inside the kernel, so that none of their bytes is copied to the driver.

Linux drops received TCP data on `recv` with MSG_TRUNC (tcp(7)). A response of 13 MB costs the
driver a quarter of the CPU time that reading it through the event loop does.
"""

import asyncio
import os
import socket
import sys
from collections.abc import Callable

from lab.units import KIB, MIB

MIN_BYTES = 512 * KIB
"""The least body that is discarded: for a smaller one the change of reader costs more."""
BYTES_PER_CALL = MIB
IS_SUPPORTED = sys.platform == "linux"
UNTOUCHED = bytearray(BYTES_PER_CALL)
"""Python asks for a buffer of the size; the kernel writes nothing into it."""


class BodyDiscard:
    """Takes over a connection for the middle of one body; the last bytes are the transport's."""

    def __init__(
        self,
        transport: asyncio.Transport,
        on_discarded: Callable[[int], int],
        on_error: Callable[[OSError], None],
    ) -> None:
        """
        Args:
            on_discarded: called with the number of bytes that were discarded; returns how many of
                the body are still to come.
            on_error: called when the connection broke.
        """
        self.transport, self.on_discarded, self.on_error = transport, on_discarded, on_error
        self.loop = asyncio.get_running_loop()
        transport.pause_reading()
        # A duplicate, as the event loop watches each descriptor for one reader only.
        descriptor = os.dup(transport.get_extra_info("socket").fileno())
        self.socket = socket.socket(fileno=descriptor)
        self.left_bytes = on_discarded(0)
        self.loop.add_reader(descriptor, self._read)

    def _read(self) -> None:
        wanted = min(BYTES_PER_CALL, self.left_bytes - 1)
        try:
            count = self.socket.recv_into(UNTOUCHED, wanted, socket.MSG_TRUNC)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self.close()
            self.on_error(error)
            return
        self.left_bytes = self.on_discarded(count)
        if count == 0 or self.left_bytes < MIN_BYTES:
            # The transport reads the end of the connection once more and reports it.
            self.close()
            self.transport.resume_reading()

    def close(self) -> None:
        """Stop; the transport stays paused."""
        if self.socket.fileno() != -1:
            self.loop.remove_reader(self.socket)
            self.socket.close()
