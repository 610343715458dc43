"""Sizes of a sub-message that was never set."""

import os
from wsgiref.simple_server import WSGIRequestHandler, make_server

from google.protobuf import descriptor_pb2


def work():
    file = descriptor_pb2.FileDescriptorProto()
    return sum(file.options.ByteSize() for _ in range(60))


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"%d" % work()]


class SilentHandler(WSGIRequestHandler):
    def log_message(self, *_):
        """No line for each request."""


server = make_server(os.environ["HOST"], int(os.environ["PORT"]), app, handler_class=SilentHandler)
server.serve_forever()
