"""Starlette alone: the same endpoints as FastAPI's app, without FastAPI."""

import pools
import startup
import workloads
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route


def sync_endpoint(name):
    def endpoint(request):
        return JSONResponse({"done": workloads.run(name)})

    return endpoint


def awaited_endpoint(awaited, name):
    async def endpoint(request):
        return JSONResponse({"done": await awaited(name)})

    return endpoint


def routes_of(name):
    yield Route("/sync/" + name, sync_endpoint(name))
    for endpoint, awaited in pools.AWAITED.items():
        yield Route("/" + endpoint + "/" + name, awaited_endpoint(awaited, name))


async def health(request):
    return JSONResponse({"ready": True})


routes = [route for name in workloads.served() for route in routes_of(name)]
app = startup.at_startup(Starlette(routes=[*routes, Route("/health", health)]))
