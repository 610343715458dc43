"""JSON of something that has none: the default raises."""

import contextlib
import os
from wsgiref.simple_server import WSGIRequestHandler, make_server

import orjson


class Order:
    """Knows no JSON."""


def refuse(each):
    raise TypeError("no JSON of %r, %s" % (each, "x" * 500))


def work():
    for _ in range(20):
        with contextlib.suppress(TypeError):
            orjson.dumps(["a" * 1000, Order()], default=refuse)
    return 20


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"%d" % work()]


class SilentHandler(WSGIRequestHandler):
    def log_message(self, *_):
        """No line for each request."""


server = make_server(os.environ["HOST"], int(os.environ["PORT"]), app, handler_class=SilentHandler)
server.serve_forever()
