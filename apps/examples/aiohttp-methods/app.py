"""A method that a path does not allow, behind a middleware."""

import os

from aiohttp import web


@web.middleware
async def passing(request, handler):
    return await handler(request)


async def hello(_):
    return web.Response(text="hello")


app = web.Application(middlewares=[passing])
app.router.add_get("/", hello)
web.run_app(app, host=os.environ["HOST"], port=int(os.environ["PORT"]), print=None)
