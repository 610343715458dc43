from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

CONTENT = bytes(3_000_000)


async def report(request):
    return Response(CONTENT)


app = Starlette(routes=[Route("/report", report)])
