"""Cookies looked up for ever new hosts."""

import os

from aiohttp import CookieJar, web
from yarl import URL


async def filtered(request):
    jar, number = request.app["jar"], int(request.match_info["number"])
    urls = (URL(f"http://host-{number}-{index}.example/") for index in range(20))
    return web.Response(text=str(sum(len(jar.filter_cookies(url)) for url in urls)))


async def make_jar(app):
    app["jar"] = CookieJar()
    app["jar"].update_cookies({"a": "1"}, URL("http://example.com/"))


app = web.Application()
app.on_startup.append(make_jar)
app.router.add_get("/{number}", filtered)
web.run_app(app, host=os.environ["HOST"], port=int(os.environ["PORT"]), print=None)
