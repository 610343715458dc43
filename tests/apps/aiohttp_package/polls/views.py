from aiohttp import web


async def index(request):
    return web.json_response([])
