"""Messages unpacked by iterating."""

import os
from wsgiref.simple_server import WSGIRequestHandler, make_server

import msgpack

PACKED = msgpack.packb({"order": 1, "text": "hello"}) * 50


def work():
    found = 0
    for _ in range(10):
        unpacker = msgpack.Unpacker()
        unpacker.feed(PACKED)
        found += sum(1 for _ in unpacker)
    return found


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"%d" % work()]


class SilentHandler(WSGIRequestHandler):
    def log_message(self, *_):
        """No line for each request."""


server = make_server(os.environ["HOST"], int(os.environ["PORT"]), app, handler_class=SilentHandler)
server.serve_forever()
