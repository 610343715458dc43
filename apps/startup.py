"""What an ASGI app does when a server starts it. Importing it is too early: hypercorn's master does
that as well, and the first port for probes is the first worker's."""

import pools
import probe


def at_startup(app):
    """The app with its probe, and with LAB_POOL as the number of anyio's threads."""

    async def started(scope, receive, send):
        if scope["type"] == "lifespan":
            probe.start()
            pools.limit_threads()
        await app(scope, receive, send)

    return started
