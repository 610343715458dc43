"""Threads that end by themselves and are never joined."""

import os
import threading
import time
from wsgiref.simple_server import WSGIRequestHandler, make_server


def work():
    for _ in range(6):
        threading.Thread(target=time.sleep, args=(0,)).start()
    return 6


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"%d" % work()]


class SilentHandler(WSGIRequestHandler):
    def log_message(self, *_):
        """No line for each request."""


server = make_server(os.environ["HOST"], int(os.environ["PORT"]), app, handler_class=SilentHandler)
server.serve_forever()
