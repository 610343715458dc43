"""Timers of the servers and stacks: how long they hold on to what is idle."""

from collections.abc import Collection

from lab.records.variant import USER_APP_STACK, Axes

UVICORN_KEEP_ALIVE_SECONDS = 5.0
"""uvicorn's default; releases up to 0.18.2 hold closed connections that long, too."""
KEEP_ALIVE_SECONDS = {
    "gunicorn-uvicorn": UVICORN_KEEP_ALIVE_SECONDS,
    "gunicorn-uvicorn-h11": UVICORN_KEEP_ALIVE_SECONDS,
    "uvicorn": UVICORN_KEEP_ALIVE_SECONDS,
    "hypercorn": 5.0,
    "gunicorn-gthread": 2.0,
    "gunicorn-sync": 0.0,
    "flask-dev": 0.0,
}
"""How long a server by default keeps a connection on which nothing comes; 0: not at all."""
ANYIO_IDLE_SECONDS = 10.0
"""anyio ends worker threads that were idle that long; Starlette has used it since 0.15."""
USUAL_SECONDS = UVICORN_KEEP_ALIVE_SECONDS
"""The cooldown of an unknown server; no known one has a longer timer."""
SERVER_PACKAGES = {
    **dict.fromkeys(("uvicorn", "hypercorn"), UVICORN_KEEP_ALIVE_SECONDS),
    "gunicorn": 2.0,
    **dict.fromkeys(
        ("aiohttp", "bjoern", "cheroot", "cherrypy", "daphne", "eventlet", "gevent"),
        USUAL_SECONDS,
    ),
    **dict.fromkeys(
        ("granian", "grpcio", "meinheld", "nonecorn", "pyuwsgi", "robyn", "sanic", "socketify"),
        USUAL_SECONDS,
    ),
    **dict.fromkeys(("tornado", "twisted", "uwsgi", "waitress", "websockets"), USUAL_SECONDS),
}
"""Distributions that serve, each with its timer. Where none of them is installed, the standard
library's server or Werkzeug's serves, which have none."""
ANYIO_STACKS = frozenset({"latest", "2022", "t21"})
MARGIN_SECONDS = 0.5
"""For a timer that fires late; the trough is read up to a second later still."""


def min_cooldown_seconds(axes: Axes, packages: Collection[str] | None = None) -> float:
    """How long the timers of the variant's server and stack can hold on to something.

    Args:
        axes: of the variant; of a user app they do not say which server it is.
        packages: names of the installed distributions in lower case; None: not known.
    """
    if axes.stack == USER_APP_STACK:  # its server is one of those that are installed
        return user_app_seconds(packages) + MARGIN_SECONDS
    if axes.stack in ANYIO_STACKS and axes.framework != "flask":
        return ANYIO_IDLE_SECONDS + MARGIN_SECONDS
    return KEEP_ALIVE_SECONDS.get(axes.server, UVICORN_KEEP_ALIVE_SECONDS) + MARGIN_SECONDS


def user_app_seconds(packages: Collection[str] | None) -> float:
    """The longest timer of the servers that are installed; anyio's threads are ended by the next
    request alone, so waiting for them ends none."""
    if packages is None:
        return USUAL_SECONDS
    return max((SERVER_PACKAGES.get(name, 0.0) for name in packages), default=0.0)
