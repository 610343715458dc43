"""The websockets that an app offers, by its code, and what may be said over one."""

import ast
import re
from collections.abc import Iterator

from lab.app.guess.folder import Folder
from lab.app.guess.guess_records import WEBSOCKET, GuessedRequest
from lab.app.guess.routes import Prefixes, is_text, text_argument, tornado_pattern
from lab.app.guess.routing import numbered
from lab.app.guess.source import Module, decorating_calls, dotted, last_name

DECORATING = frozenset({"websocket", "websocket_route", "websocket_listener", "route"})
MAKING = frozenset({"WebSocketRoute", "APIWebSocketRoute"})
ADDING = frozenset({"add_websocket_route", "add_api_websocket_route"})
DJANGO = frozenset({"path", "re_path", "url"})
GROUP = re.compile(r"\((?:\?P<\w+>)?[^()]*\)")
"""A value in a path that is a regular expression."""
MAX_WEBSOCKETS = 2
SAID = "hello {n}"
FORMS = (
    {"say": [SAID]},
    {"say": ['{"message": "hello {n}", "text": "hello {n}", "body": "hello {n}"}']},
    {"say": [SAID], "listen": 0},
    {"listen": 0},
)
"""What is tried over one: an answered text, answered JSON, a text, nothing but the connection."""


def websocket_requests(folder: Folder) -> list[GuessedRequest]:
    """Requests that open the first websockets of the app, each with a text to be answered."""
    prefixes = Prefixes(folder)
    sources = {
        path: module.path
        for module in reversed(folder.modules)
        for path in paths_of(module, prefixes)
    }
    listed = [(path, where) for path, where in reversed(sources.items())][:MAX_WEBSOCKETS]
    return [
        GuessedRequest({"kind": WEBSOCKET, "path": path, **FORMS[0]}, f"a websocket of {where}")
        for path, where in listed
    ]


def paths_of(module: Module, prefixes: Prefixes) -> Iterator[str]:
    handlers = websocket_handlers(module)
    for node in ast.walk(module.tree):
        for decorator in decorating_calls(node):
            yield from decorated_websockets(module, prefixes, decorator)
        if isinstance(node, ast.Call):
            yield from called_websockets(module, prefixes, node)
        elif isinstance(node, ast.Tuple) and handlers:
            yield from tornado_path(node, handlers)


def decorated_websockets(module: Module, prefixes: Prefixes, call: ast.Call) -> Iterator[str]:
    last = last_name(call.func)
    owner = getattr(call.func, "value", None)
    if last not in DECORATING or (last == "route" and not is_flask_sock(module, owner)):
        return
    path = text_argument(call, "path", "uri")
    router = prefixes.router(module, owner) if isinstance(owner, ast.expr) else None
    if path is not None:
        yield from whole_path(prefixes.of(router) if router else "", path)


def is_flask_sock(module: Module, owner: ast.expr | None) -> bool:
    """Whether a decorator's owner is named as Flask-Sock's object is."""
    return "flask_sock" in module.imports and getattr(owner, "id", "") in ("sock", "sockets", "ws")


def called_websockets(module: Module, prefixes: Prefixes, call: ast.Call) -> Iterator[str]:
    last = dotted(call.func, module.names).rpartition(".")[2]
    if last in (*MAKING, *ADDING) and (path := text_argument(call, "path")) is not None:
        owner = call.func.value if isinstance(call.func, ast.Attribute) else None
        router = prefixes.router(module, owner) if owner is not None and last in ADDING else None
        yield from whole_path(prefixes.of(router) if router else "", path)
    elif last in DJANGO and len(call.args) > 1 and is_consumer(call.args[1]):
        text = str(getattr(call.args[0], "value", "")) if is_text(call.args[0]) else ""
        yield from whole_path("", GROUP.sub("{n}", text.lstrip("^").rstrip("$")))


def is_consumer(view: ast.expr) -> bool:
    """Whether a route of Django's leads to a consumer of Channels'."""
    return isinstance(view, ast.Call) and getattr(view.func, "attr", "") == "as_asgi"


def websocket_handlers(module: Module) -> frozenset[str]:
    """The names of Tornado's classes that handle a websocket."""
    classes = (node for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef))
    return frozenset(
        node.name
        for node in classes
        if any(dotted(base, module.names).endswith("WebSocketHandler") for base in node.bases)
    )


def tornado_path(node: ast.Tuple, handlers: frozenset[str]) -> Iterator[str]:
    path = tornado_pattern(node)
    if path is not None and getattr(node.elts[1], "id", "") in handlers:
        yield from whole_path("", path)


def whole_path(before: str, path: str) -> Iterator[str]:
    """The whole path, with numbers for what needs a value."""
    numbered_path = numbered(f"/{before}/{path}")
    if numbered_path is not None:
        yield numbered_path
