"""An app that goes bad: once it has answered some requests, or from its start on."""

from pathlib import Path

APP = """
import os
import time
from wsgiref.simple_server import WSGIRequestHandler, make_server

MODE, GOOD = os.environ["MODE"], int(os.environ["GOOD"])
served = 0


def endless():
    while True:
        yield b"x" * 4_000_000


def app(environ, start_response):
    global served
    served += 1
    status, body = "200 OK", [b"ok"]
    if served > GOOD and MODE == "hangs":
        time.sleep(3600)
    if served > GOOD and MODE == "ends":
        os._exit(7)
    if served > GOOD and MODE == "fails":
        status, body = "500 Internal Server Error", [b"no"]
    if served > GOOD and MODE == "fills":
        KEPT.append(b"x" * 100_000_000)
    start_response(status, [("Content-Type", "text/plain")])
    return endless() if served > GOOD and MODE == "endless" else body


KEPT = []


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


if MODE == "never":
    time.sleep(3600)
make_server(os.environ["HOST"], int(os.environ["PORT"]), app, handler_class=Quiet).serve_forever()
"""
DESCRIPTION = """
command = "python app.py"
count = {count}
concurrency = 2
memory = "256m"
ready_seconds = {ready_seconds}
probes = false
environment = {{ MODE = "{mode}", GOOD = "{good}" }}
"""


def bad_app(folder: Path, mode: str, good: int = 200, count: int = 400, ready: int = 90) -> Path:
    """A folder with an app that goes bad in one of these ways, after so many good answers."""
    folder.mkdir()
    (folder / "app.py").write_text(APP, encoding="utf-8")
    description = DESCRIPTION.format(mode=mode, good=good, count=count, ready_seconds=ready)
    (folder / "lab.toml").write_text(description, encoding="utf-8")
    return folder
