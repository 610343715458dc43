from litestar import Controller, Litestar, get


class Things(Controller):
    path = "/things"

    @get("/all")
    async def all_things(self) -> dict[str, int]:
        return {"things": 3}


app = Litestar(route_handlers=[Things])
