"""The websockets that an app offers, and which conversation is kept."""

import tomllib

import pytest
from lab.app.guess.asking import Answer, answered_requests
from lab.app.guess.folder import Folder
from lab.app.guess.guess import guess
from lab.app.guess.guess_records import Guess, GuessedRequest
from lab.app.guess.render import render
from lab.app.guess.routing import numbered
from lab.app.guess.websockets import websocket_requests

FASTAPI = """
from fastapi import APIRouter, FastAPI
app = FastAPI()
router = APIRouter(prefix="/live")
@router.websocket("/{room}/feed")
async def feed(socket, room): ...
app.include_router(router, prefix="/v1")
"""
STARLETTE = """
from starlette.routing import WebSocketRoute
routes = [WebSocketRoute("/ws", endpoint=echo)]
"""
TORNADO = """
import tornado.websocket, tornado.web
class Chat(tornado.websocket.WebSocketHandler): ...
class Page(tornado.web.RequestHandler): ...
app = tornado.web.Application([(r"/", Page), (r"/chat/?", Chat)])
"""
FLASK = """
from flask_sock import Sock
sock = Sock(app)
@sock.route("/echo")
def echo(ws): ...
"""
LITESTAR = """
from litestar import websocket_listener
@websocket_listener("/listen")
async def listen(data: str) -> str: ...
"""
CHANNELS = """
from django.urls import path, re_path
from . import consumers
websocket_urlpatterns = [re_path(r"^ws/chat/(?P<room>\\w+)/$", consumers.Chat.as_asgi())]
"""


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (CHANNELS, "/ws/chat/{n}/"),
        (
            CHANNELS.replace('re_path(r"^ws', 'path(r"ws').replace(
                "(?P<room>\\w+)/$", "<str:room>/"
            ),
            "/ws/chat/{n}/",
        ),
        (FASTAPI, "/v1/live/{n}/feed"),
        (STARLETTE, "/ws"),
        (TORNADO, "/chat"),
        (FLASK, "/echo"),
        (LITESTAR, "/listen"),
    ],
)
def test_a_websocket_is_read_from_the_code(text: str, path: str) -> None:
    (request,) = websocket_requests(Folder({"app.py": text}))
    assert request.values == {"kind": "websocket", "path": path, "say": ["hello {n}"]}
    written = tomllib.loads(render(guess(Folder({"app.py": text}))))["requests"]
    assert request.values in written


def test_uvicorn_gets_what_it_needs_for_websockets() -> None:
    assert guess(Folder({"app.py": FASTAPI})).value("requirements")[-1] == "websockets"
    files = {"app.py": FASTAPI, "requirements.txt": "fastapi\nuvicorn[standard]\n"}
    assert guess(Folder(files)).value("requirements") == "requirements.txt"


@pytest.mark.parametrize(
    ("route", "path"),
    [
        ("/a/{b}/{c:path}", "/a/{n}/{n}"),
        ("//a/<int:b>", "/a/{n}"),
        ("/a/(.*)", None),
        ("/a b", None),
    ],
)
def test_values_of_a_route_are_numbers(route: str, path: str | None) -> None:
    assert numbered(route) == path


WEBSOCKET = GuessedRequest({"kind": "websocket", "path": "/ws", "say": ["hello {n}"]}, "w")


def kept(served: dict[str, object]) -> list[dict[str, object]]:
    """What is kept of an app that serves that conversation alone."""

    def ask(request: GuessedRequest) -> Answer:
        said = {k: v for k, v in request.values.items() if k not in ("kind", "path")}
        if not request.is_websocket:
            return Answer(404)
        return Answer(101) if said == served else Answer(1011)

    requests, _ = answered_requests(Guess(keys=(), requests=(WEBSOCKET,)), ask)
    return [dict(each.values) for each in requests]


def test_what_is_answered_of_all_that_may_be_said_is_kept() -> None:
    for said in ({"say": ["hello {n}"]}, {"listen": 0}):
        assert kept(said) == [{"kind": "websocket", "path": "/ws", **said}]


def test_a_websocket_that_says_nothing_is_not_kept() -> None:
    assert not any(each.get("kind") == "websocket" for each in kept({"say": ["other"]}))
