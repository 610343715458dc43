"""The web frameworks that a guess knows: what makes their app objects, and what serves these."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Interface(StrEnum):
    """How a server calls an app."""

    WSGI = "wsgi"
    ASGI = "asgi"
    AIOHTTP = "aiohttp"
    OWN = "own"
    """The app is served by its own server alone."""


@dataclass(frozen=True, slots=True)
class Framework:
    """One framework."""

    name: str
    interface: Interface
    distribution: str


FRAMEWORKS: Mapping[str, Framework] = {
    each.name: each
    for each in (
        Framework("fastapi", Interface.ASGI, "fastapi"),
        Framework("starlette", Interface.ASGI, "starlette"),
        Framework("litestar", Interface.ASGI, "litestar"),
        Framework("quart", Interface.ASGI, "quart"),
        Framework("sanic", Interface.ASGI, "sanic"),
        Framework("blacksheep", Interface.ASGI, "blacksheep"),
        Framework("socketio", Interface.ASGI, "python-socketio"),
        Framework("falcon-asgi", Interface.ASGI, "falcon"),
        Framework("django-asgi", Interface.ASGI, "Django"),
        Framework("flask", Interface.WSGI, "Flask"),
        Framework("falcon", Interface.WSGI, "falcon"),
        Framework("bottle", Interface.WSGI, "bottle"),
        Framework("pyramid", Interface.WSGI, "pyramid"),
        Framework("django", Interface.WSGI, "Django"),
        Framework("aiohttp", Interface.AIOHTTP, "aiohttp"),
        Framework("tornado", Interface.OWN, "tornado"),
    )
}

CLASSES: Mapping[tuple[str, str], str] = {
    ("fastapi", "FastAPI"): "fastapi",
    ("starlette", "Starlette"): "starlette",
    ("litestar", "Litestar"): "litestar",
    ("starlite", "Starlite"): "litestar",
    ("quart", "Quart"): "quart",
    ("quart_trio", "QuartTrio"): "quart",
    ("sanic", "Sanic"): "sanic",
    ("blacksheep", "Application"): "blacksheep",
    ("socketio", "ASGIApp"): "socketio",
    ("flask", "Flask"): "flask",
    ("apiflask", "APIFlask"): "flask",
    ("flask_openapi3", "OpenAPI"): "flask",
    ("falcon", "App"): "falcon",
    ("falcon", "API"): "falcon",
    ("bottle", "Bottle"): "bottle",
    ("bottle", "default_app"): "bottle",
    ("aiohttp", "Application"): "aiohttp",
    ("tornado", "Application"): "tornado",
    ("django", "get_wsgi_application"): "django",
    ("django", "get_asgi_application"): "django-asgi",
    ("channels", "ProtocolTypeRouter"): "django-asgi",
}
"""What is called to make an app object, by its package and its last name."""


def framework_of(dotted: str) -> str | None:
    """The framework whose app object a call of that full name makes."""
    package, _, last = dotted.partition(".")[0], *dotted.rpartition(".")[1:]
    if package == "falcon" and ".asgi." in dotted:
        return "falcon-asgi"
    if last == "make_wsgi_app":
        return "pyramid"
    return CLASSES.get((package, last))
