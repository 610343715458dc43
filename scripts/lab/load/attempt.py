"""One attempt to connect, which its client may give up at any moment.

A client whose machine stood still gives up attempts that are late. The loop may have made such a
connection by then, and tells its protocol in its next turn: it must not reach the client, which
has begun another one.
"""

import asyncio
import time
from collections.abc import Callable
from typing import cast

from lab.load.target import Target


class Attempt(asyncio.Protocol):
    """The protocol of a connection until it is made; then the client's own takes its place."""

    def __init__(
        self, target: Target, client: asyncio.Protocol, on_error: Callable[[OSError], None]
    ) -> None:
        self.client: asyncio.Protocol | None = client
        """Who waits for it; None once it was given up."""
        self.on_error = on_error
        self.began_at = time.perf_counter()
        self.task = asyncio.get_running_loop().create_task(self.connect(target))

    async def connect(self, target: Target) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: self, target.address, target.port)
        except OSError as error:
            if self.client is not None:
                self.on_error(error)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        made = cast(asyncio.Transport, transport)
        if self.client is None:
            made.abort()
            return
        made.set_protocol(self.client)
        self.client.connection_made(made)

    def give_up(self) -> None:
        self.client = None
        self.task.cancel()
