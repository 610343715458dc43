"""An app that writes a line for each request into a file: the file grows, the app does not."""

import os
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

LOG = (Path(os.environ.get("LOG_FOLDER", os.environ["HOME"])) / "requests.log").open("a")


def app(environ, start_response):
    LOG.write(f"{environ['PATH_INFO']} {'x' * 5000}\n")
    LOG.flush()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


class SilentHandler(WSGIRequestHandler):
    def log_message(self, *_):
        """No line for each request."""


server = make_server(os.environ["HOST"], int(os.environ["PORT"]), app, handler_class=SilentHandler)
server.serve_forever()
