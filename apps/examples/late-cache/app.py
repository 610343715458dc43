"""A cache that is full only after half of the load."""

import os
from functools import lru_cache
from wsgiref.simple_server import WSGIRequestHandler, make_server


@lru_cache(maxsize=2000)
def page(path):
    return path.encode().ljust(10_000)


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [page(environ["PATH_INFO"])]


class SilentHandler(WSGIRequestHandler):
    def log_message(self, *_):
        """No line for each request."""


server = make_server(os.environ["HOST"], int(os.environ["PORT"]), app, handler_class=SilentHandler)
server.serve_forever()
