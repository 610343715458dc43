"""A validator of a recursive model, built for each request."""

import os
from typing import List
from wsgiref.simple_server import WSGIRequestHandler, make_server

from pydantic import BaseModel, TypeAdapter


class Branch(BaseModel):
    name: str
    branches: List["Branch"] = []


def work():
    tree = {"name": "a", "branches": [{"name": "b"}]}
    return len(TypeAdapter(List[Branch]).validate_python([tree]))


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"%d" % work()]


class SilentHandler(WSGIRequestHandler):
    def log_message(self, *_):
        """No line for each request."""


server = make_server(os.environ["HOST"], int(os.environ["PORT"]), app, handler_class=SilentHandler)
server.serve_forever()
