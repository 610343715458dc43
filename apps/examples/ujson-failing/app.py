"""JSON of a long text and of a set, which has none."""

import os
from wsgiref.simple_server import WSGIRequestHandler, make_server

import ujson


def work():
    try:
        ujson.dumps(["x" * 70_000, {1}])
    except TypeError:
        return 0
    return 1


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"%d" % work()]


class SilentHandler(WSGIRequestHandler):
    def log_message(self, *_):
        """No line for each request."""


server = make_server(os.environ["HOST"], int(os.environ["PORT"]), app, handler_class=SilentHandler)
server.serve_forever()
