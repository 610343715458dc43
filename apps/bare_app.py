"""No framework: an ASGI app whose sync endpoint runs in the loop's default executor."""

import asyncio
import json

import pools
import startup
import workloads


async def in_default_pool(name):
    return await asyncio.get_event_loop().run_in_executor(None, workloads.run, name)


ENDPOINTS = dict(pools.AWAITED, sync=in_default_pool)
NAMES = workloads.served()


async def answer(path):
    """The status and what goes out as JSON."""
    if path == "/health":
        return 200, {"ready": True}
    endpoint, _, name = path.lstrip("/").partition("/")
    if endpoint not in ENDPOINTS or name not in NAMES:
        return 404, {"error": "no such path"}
    return 200, {"done": await ENDPOINTS[endpoint](name)}


async def lifespan(receive, send):
    for part in ("startup", "shutdown"):
        await receive()
        await send({"type": "lifespan.%s.complete" % part})


async def bare(scope, receive, send):
    if scope["type"] == "lifespan":
        return await lifespan(receive, send)
    status, found = await answer(scope["path"])
    body = json.dumps(found).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


app = startup.at_startup(bare)
