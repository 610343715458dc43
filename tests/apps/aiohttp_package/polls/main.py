from aiohttp import web

from .views import index


async def init_app():
    app = web.Application()
    app.router.add_get("/polls", index)
    return app


def main():
    web.run_app(init_app())
