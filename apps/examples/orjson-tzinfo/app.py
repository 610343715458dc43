"""JSON of datetimes whose tzinfo is a class of the app's own."""

import os
from datetime import datetime, timedelta, tzinfo
from wsgiref.simple_server import WSGIRequestHandler, make_server

import orjson


class Zone(tzinfo):
    def utcoffset(self, when):
        return timedelta(minutes=150)


def work():
    moments = [datetime(2021, 1, 1, hour, tzinfo=Zone()) for hour in range(24)] * 5
    return len(orjson.dumps(moments))


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"%d" % work()]


class SilentHandler(WSGIRequestHandler):
    def log_message(self, *_):
        """No line for each request."""


server = make_server(os.environ["HOST"], int(os.environ["PORT"]), app, handler_class=SilentHandler)
server.serve_forever()
