"""Lengths of a multidict's views."""

import os
from wsgiref.simple_server import WSGIRequestHandler, make_server

from multidict import MultiDict


def work():
    found = 0
    for number in range(20):
        headers = MultiDict([("a", str(number) * 100), ("b", "2"), ("a", "3")])
        found += len(headers.keys()) + len(headers.values()) + len(headers.items())
    return found


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"%d" % work()]


class SilentHandler(WSGIRequestHandler):
    def log_message(self, *_):
        """No line for each request."""


server = make_server(os.environ["HOST"], int(os.environ["PORT"]), app, handler_class=SilentHandler)
server.serve_forever()
