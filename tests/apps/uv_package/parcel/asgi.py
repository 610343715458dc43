from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from parcel import VERSION


async def about(request):
    return JSONResponse({"version": VERSION})


application = Starlette(routes=[Route("/about", about), Mount("/more", routes=[])])
