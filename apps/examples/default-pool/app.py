"""Sync endpoints in the loop's default executor, whose threads each keep what a request needed."""

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

ENTRIES = 200_000


def lists(_):
    first, second = [0] * ENTRIES, [0] * ENTRIES
    return PlainTextResponse(str(len(first) + len(second)))


app = Starlette(routes=[Route("/", lists)])
