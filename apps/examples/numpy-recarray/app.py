"""A record array of which a list of booleans picks rows."""

import os
from wsgiref.simple_server import WSGIRequestHandler, make_server

import numpy as np

ROWS = np.rec.array([(number, float(number)) for number in range(100)], names="a,b")
EVEN = [number % 2 == 0 for number in range(100)]


def work():
    return sum(len(ROWS[EVEN]) for _ in range(40))


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"%d" % work()]


class SilentHandler(WSGIRequestHandler):
    def log_message(self, *_):
        """No line for each request."""


server = make_server(os.environ["HOST"], int(os.environ["PORT"]), app, handler_class=SilentHandler)
server.serve_forever()
