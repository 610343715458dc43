"""Timers of the servers and stacks of the matrix: how long they hold on to what is idle."""

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
ANYIO_STACKS = frozenset({"latest", "2022", "t21"})
MARGIN_SECONDS = 1.0


def min_cooldown_seconds(axes: Axes) -> float:
    """How long the timers of the variant's server and stack can hold on to something."""
    if axes.stack == USER_APP_STACK:  # its server is not known: the longest of the usual timers
        return UVICORN_KEEP_ALIVE_SECONDS + MARGIN_SECONDS
    if axes.stack in ANYIO_STACKS and axes.framework != "flask":
        return ANYIO_IDLE_SECONDS + MARGIN_SECONDS
    return KEEP_ALIVE_SECONDS.get(axes.server, UVICORN_KEEP_ALIVE_SECONDS) + MARGIN_SECONDS
